import { setTimeout as pause } from 'node:timers/promises'
import { hasEnded, type RunState } from './documents.ts'
import { ServerUnreachable } from './failure.ts'

const LOOK_EVERY_MS = 1_000
/** How long the server may be away before waiting is given up. */
const PATIENCE_MS = 120_000

/** What `find` answers when it has ended; until then `say` is given each line that differs from the one before. */
export async function waitUntilEnded<Item extends { state: RunState }>(
  find: () => Promise<Item>,
  lineOf: (now: Item) => string,
  say: (line: string) => void,
): Promise<Item> {
  let lastAnswer = performance.now()
  let said = ''
  for (;;) {
    try {
      const now = await find()
      lastAnswer = performance.now()
      if (hasEnded(now.state)) return now
      if (lineOf(now) !== said) say(lineOf(now))
      said = lineOf(now)
    } catch (error) {
      if (!(error instanceof ServerUnreachable) || performance.now() - lastAnswer > PATIENCE_MS) throw error
    }
    await pause(LOOK_EVERY_MS)
  }
}
