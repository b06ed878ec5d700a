import { isDeepStrictEqual } from 'node:util'
import { isEnded } from '#lib/backups/states.ts'
import type { Database } from '#lib/database/database.ts'
import type { Feed } from '#lib/events/feed.ts'
import { looking } from '#lib/events/looking.ts'
import type { Restore } from '#prisma/client/client.ts'
import { findRestore } from './find.ts'

/** A restore or a verification as it is now, and whenever it has changed; completes when it has ended. Throws RESTORE_UNKNOWN. */
export function followRestore(
  { prisma, feed }: { prisma: Database; feed: Feed },
  id: string,
): AsyncGenerator<Restore, void> {
  return looking(feed, id, async function* (waiting) {
    let seen: object | undefined
    while (!waiting.closed) {
      waiting.begin()
      const restore = await findRestore(prisma, id)
      const { heartbeatAt: _, ...shown } = restore
      if (!isDeepStrictEqual(shown, seen)) yield restore
      seen = shown
      if (isEnded(restore.state)) return
      await waiting.wait()
    }
  })
}
