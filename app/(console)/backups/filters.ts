import type { BackupFilter, BackupsQueryVariables, BackupType, RunState } from '#graphql/documents/generated/graphql.ts'

export const PAGE_SIZE = 25

export const filterTypes: BackupType[] = ['DATABASE', 'USER_DATA', 'STORAGE', 'FULL']
export const filterStates: RunState[] = [
  'QUEUED',
  'RUNNING',
  'SUCCEEDED',
  'PARTIAL',
  'FAILED',
  'CANCELLED',
  'INTERRUPTED',
]

/** The names in the page's address. */
export const filterNames = ['environment', 'type', 'state', 'source', 'from', 'to', 'text'] as const
export type FilterName = (typeof filterNames)[number]

/** What the page's address asks for. Words that are none of ours are ignored, as an old link may hold them. */
export function toVariables(address: URLSearchParams): BackupsQueryVariables {
  const filter: BackupFilter = {}
  const environment = address.get('environment')
  const type = filterTypes.find((known) => known === address.get('type'))
  const state = filterStates.find((known) => known === address.get('state'))
  const sourceId = address.get('source')
  const from = dayEdge(address.get('from'), '00:00:00.000')
  const to = dayEdge(address.get('to'), '23:59:59.999')
  const text = address.get('text')?.trim()
  if (environment) filter.environment = environment
  if (type) filter.type = type
  if (state) filter.state = state
  if (sourceId) filter.sourceId = sourceId
  if (from) filter.from = from
  if (to) filter.to = to
  if (text) filter.text = text

  const before = address.get('before')
  if (before) return { last: PAGE_SIZE, before, filter }
  const after = address.get('after')
  return after ? { first: PAGE_SIZE, after, filter } : { first: PAGE_SIZE, filter }
}

/** A day in the reader's own time zone, as the instant of its start or end. */
function dayEdge(day: string | null, time: string): string | null {
  if (!day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return null
  const instant = new Date(`${day}T${time}`)
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}

/** The address with one filter changed; the page starts from the beginning again. */
export function withFilter(address: URLSearchParams, name: FilterName, value: string): string {
  const next = new URLSearchParams(address)
  next.delete('after')
  next.delete('before')
  if (value) next.set(name, value)
  else next.delete(name)
  return query(next)
}

export function withPage(address: URLSearchParams, edge: 'after' | 'before', cursor: string): string {
  const next = new URLSearchParams(address)
  next.delete('after')
  next.delete('before')
  next.set(edge, cursor)
  return query(next)
}

function query(address: URLSearchParams): string {
  const text = address.toString()
  return text ? `/backups?${text}` : '/backups'
}
