import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'

let reading: Promise<ReadonlyMap<string, string>> | null = null

/** What a queued run or task waits for. Fields of one answer that ask in the same moment share one reading. */
export async function waitsFor(
  { prisma, config }: Pick<Runtime, 'prisma' | 'config'>,
  queued: { id: string; state: string },
): Promise<string | null> {
  if (queued.state !== 'QUEUED') return null
  reading ??= readTurns(prisma, config)
    .then((turns) => decideTurns(turns).reasons)
    .finally(() => {
      reading = null
    })
  return (await reading).get(queued.id) ?? 'a free place on a worker'
}
