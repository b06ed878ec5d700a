import { Readable } from 'node:stream'
import { z } from 'zod'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'

const LINES_AT_ONCE = 1000

/**
 * The whole log of a backup as NDJSON, oldest first, in constant memory: {seq, at, level, state, source, message}, a line for each line
 * and change of state. Of a backup that goes on it is what there is now. Throws UNAUTHENTICATED, FORBIDDEN, BACKUP_UNKNOWN.
 */
export async function downloadLog(
  { prisma }: { prisma: Database },
  actor: Actor | null,
  asked: unknown,
): Promise<{ content: Readable; filename: string }> {
  requireScope(actor, 'backup:read', 'download a log')
  const { id = '' } = z.object({ id: z.uuid() }).partial().safeParse(asked).data ?? {}
  const backup = id === '' ? null : await prisma.backup.findUnique({ where: { id } })
  if (backup === null) throw new CodedError('BACKUP_UNKNOWN', { id: String((asked as { id?: unknown })?.id ?? '') })
  return {
    content: Readable.from(linesOf(prisma, backup.id), { objectMode: false }),
    filename: `backup-${backup.id}.ndjson`,
  }
}

async function* linesOf(prisma: Database, backupId: string): AsyncGenerator<Buffer> {
  const runs = await prisma.backupRun.findMany({
    where: { backupId },
    select: { id: true, part: true, source: { select: { name: true } } },
  })
  const nameOf = new Map(
    runs.map(({ id, part, source }) => [id, part === '' ? source.name : `${source.name} (${part})`]),
  )
  let after = 0
  for (;;) {
    const events = await prisma.backupEvent.findMany({
      where: { backupId, seq: { gt: after }, kind: { not: 'PROGRESS' } },
      orderBy: { seq: 'asc' },
      take: LINES_AT_ONCE,
    })
    if (events.length === 0) return
    after = events.at(-1)?.seq ?? after
    const lines = events.map(({ seq, at, level, state, runId, message }) => {
      const source = runId === null ? null : (nameOf.get(runId) ?? null)
      return `${JSON.stringify({ seq, at, level, state, source, message })}\n`
    })
    yield Buffer.from(lines.join(''))
  }
}
