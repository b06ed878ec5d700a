import type { Database } from '#lib/database/database.ts'

/** What happened to a restore, as lines: its states, and the messages of its log. */
export async function logOf(prisma: Database, { id }: { id: string }): Promise<string> {
  const events = await prisma.restoreEvent.findMany({ where: { restoreId: id }, orderBy: { seq: 'asc' } })
  return events.map(({ state, message }) => [state, message].filter(Boolean).join(': ')).join('\n')
}
