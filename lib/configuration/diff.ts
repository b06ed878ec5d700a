import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { isPlain, withoutDefaults } from './leave-out.ts'
import type { Fields, Present, PresentState } from './present.ts'
import { entries, type Kind, namesRepository, sections } from './schema.ts'
import type { Wanted, WantedState } from './wanted.ts'

export interface FieldChange {
  /** Dotted: “settings.host”. */
  path: string
  /** Undefined: not there. */
  from: unknown
  to: unknown
}

export interface Change {
  action: 'create' | 'update' | 'delete'
  kind: Kind
  /** Of a source: “environment/name”. */
  name: string
  fields: FieldChange[]
}

/** Something that is there and not in the file, and stays. */
export interface Left {
  kind: Kind
  name: string
  reason: string
}

export interface Comparison {
  changes: Change[]
  left: Left[]
}

/** Users before what they use. */
const deletionOrder: Kind[] = ['channel', 'plan', 'source', 'environment', 'repository']
const kinds = Object.keys(sections) as Kind[]

/** What makes the present state the wanted one. Without `prune` nothing is deleted. */
export function compare(present: PresentState, wanted: WantedState, prune: boolean): Comparison {
  const changes = kinds.flatMap((kind) => [...(wanted[kind]?.values() ?? [])].flatMap(changeOf(kind, present, wanted)))
  const extra = kinds.flatMap((kind) =>
    wanted[kind] === null || kind === 'settings'
      ? []
      : [...present[kind].values()].filter(({ name }) => !wanted[kind]?.has(name)).map((one) => ({ kind, one })),
  )
  const isLeft = ({ kind, one }: (typeof extra)[number]) => reasonToStay(kind, one, wanted, present, prune)
  const deleted = extra
    .filter((each) => isLeft(each) === null)
    .sort((a, b) => deletionOrder.indexOf(a.kind) - deletionOrder.indexOf(b.kind))
    .map(({ kind, one }): Change => ({ action: 'delete', kind, name: one.name, fields: [] }))
  const left = extra.flatMap((each) => {
    const reason = isLeft(each)
    return reason === null ? [] : [{ kind: each.kind, name: each.one.name, reason }]
  })
  return { changes: [...changes, ...deleted], left }
}

/** Of what was shown to somebody: the same changes have the same one. */
export const fingerprint = (changes: readonly Change[]): string =>
  createHash('sha256').update(JSON.stringify(changes)).digest('hex')

function changeOf(kind: Kind, present: PresentState, all: WantedState) {
  return (wanted: Wanted): Change[] => {
    const before = present[kind].get(wanted.name)
    if (!before) {
      const fields = fieldChanges({}, withoutDefaults(entries[kind], wanted.shown) as Fields)
      return [{ action: 'create', kind, name: wanted.name, fields }]
    }
    const fields = fieldChanges(before.fields, wanted.fields)
    const from = kind === 'environment' ? placeAmong(present, wanted, all) : null
    if (from) fields.push(from)
    return fields.length === 0 ? [] : [{ action: 'update', kind, name: wanted.name, fields }]
  }
}

function fieldChanges(before: Fields, after: Fields): FieldChange[] {
  const [from, to] = [flat(before), flat(after)]
  return [...new Set([...to.keys(), ...from.keys()])]
    .filter((path) => path !== 'name' && !isDeepStrictEqual(from.get(path), to.get(path)))
    .map((path) => ({ path, from: from.get(path), to: to.get(path) }))
}

/** Values by their dotted path; a secret's mark and a list are one value each. */
function flat(fields: Fields, under = ''): Map<string, unknown> {
  return new Map(
    Object.entries(fields).flatMap(([key, value]): [string, unknown][] => {
      const path = `${under}${key}`
      const isInner = isPlain(value) && Object.keys(value).length > 0 && !Object.hasOwn(value, 'secret')
      return isInner ? [...flat(value, `${path}.`)] : [[path, value]]
    }),
  )
}

/** Its place among the environments that are both there and in the file, counted from 0; null when it is the same. */
function placeAmong(present: PresentState, { name }: Wanted, wanted: WantedState): FieldChange | null {
  const inFile = [...(wanted.environment?.keys() ?? [])]
  const from = [...present.environment.keys()].filter((one) => inFile.includes(one)).indexOf(name)
  const to = inFile.filter((one) => present.environment.has(one)).indexOf(name)
  return from === to ? null : { path: 'position', from, to }
}

/** Null: it is to be deleted. */
function reasonToStay(
  kind: Kind,
  one: Present,
  wanted: WantedState,
  present: PresentState,
  prune: boolean,
): string | null {
  if (!prune) return 'it is not in the file, and nothing is deleted without being asked'
  if (one.stays !== null || kind !== 'repository') return one.stays
  const chosen = [...(wanted.repository?.values() ?? [])].some(({ fields }) => fields.default === true)
  if (one.fields.default === true && !chosen) return 'it is the default one'
  const user = (['source', 'plan', 'environment', 'repository'] as const)
    .flatMap((each) => [...present[each].values()].map((other) => ({ each, other })))
    .find(({ each, other }) => refersTo(other, one.name) && outlives(each, other, wanted))?.other
  return user ? `“${user.name}”, which is not in the file, uses it` : null
}

const refersTo = ({ fields }: Present, repository: string): boolean =>
  Object.entries(fields).some(([key, value]) => (namesRepository(key) || key === 'copyTo') && value === repository)

/** Whether something that is not in the file stands in the way of what it refers to; deleted sources do, too. */
const outlives = (kind: Kind, { name, stays }: Present, wanted: WantedState): boolean =>
  !wanted[kind]?.has(name) && (kind === 'source' || kind === 'repository' || wanted[kind] === null || stays !== null)
