import type { Prisma } from '#prisma/client/client.ts'
import type { BackupType, RunState } from '#prisma/client/enums.ts'

export interface HistoryFilter {
  environment?: string | null
  type?: BackupType | null
  state?: RunState | null
  sourceId?: string | null
  from?: Date | null
  to?: Date | null
  text?: string | null
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The backups that a filter means; every part that is given must hold. A source id that is none matches nothing. */
export function historyWhere(filter: HistoryFilter): Prisma.BackupWhereInput {
  const all: Prisma.BackupWhereInput[] = []
  if (filter.environment) all.push({ environments: { has: filter.environment } })
  if (filter.type) all.push({ type: filter.type })
  if (filter.state) all.push({ state: filter.state })
  if (filter.sourceId)
    all.push(UUID.test(filter.sourceId) ? { runs: { some: { sourceId: filter.sourceId } } } : { id: { in: [] } })
  if (filter.from) all.push({ createdAt: { gte: filter.from } })
  if (filter.to) all.push({ createdAt: { lt: filter.to } })
  if (filter.text) {
    const contains = { contains: filter.text.replaceAll('\0', ''), mode: 'insensitive' } as const
    all.push({
      OR: [
        { description: contains },
        { requestedBy: { email: contains } },
        { runs: { some: { source: { name: contains } } } },
      ],
    })
  }
  return { AND: all }
}
