import type { Database } from '#lib/database/database.ts'
import { decideTurns, readTurns } from '#lib/repositories/turns.ts'

let reading: Promise<ReadonlyMap<string, string>> | null = null

/** What a queued run or task waits for. Fields of one answer that ask in the same moment share one reading. */
export async function waitsFor(prisma: Database, queued: { id: string; state: string }): Promise<string | null> {
  if (queued.state !== 'QUEUED') return null
  reading ??= readTurns(prisma)
    .then((turns) => decideTurns(turns).reasons)
    .finally(() => {
      reading = null
    })
  return (await reading).get(queued.id) ?? 'a free place on a worker'
}
