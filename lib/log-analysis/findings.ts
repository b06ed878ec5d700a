import type { Database } from '#lib/database/database.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import type { LogLevel } from '#prisma/client/enums.ts'
import { analyze, type Finding, type Line } from './analyze.ts'
import { ownRules } from './own-rules.ts'

/** Of a log that is longer, the first and the last lines are looked at: what broke first, and what ended it. */
const LINES_READ = 1000

/** What is known of the problems of a run, from its stored log: while it goes on as well as afterwards. */
export async function findingsOf(
  prisma: Database,
  run: Pick<BackupRun, 'id' | 'errorCode' | 'errorMessage'>,
): Promise<Finding[]> {
  const where = { runId: run.id, kind: 'LOG' as const, level: { in: ['WARNING', 'ERROR'] as LogLevel[] } }
  const select = { seq: true, level: true, message: true } as const
  const first = await prisma.backupEvent.findMany({ where, select, orderBy: { seq: 'asc' }, take: LINES_READ })
  const after = first.at(-1)?.seq
  const last =
    first.length < LINES_READ || after === undefined
      ? []
      : await prisma.backupEvent.findMany({
          where: { ...where, seq: { gt: after } },
          select,
          orderBy: { seq: 'desc' },
          take: LINES_READ,
        })
  const lines = [...first, ...last.reverse()].map(
    ({ level, message }): Line => ({ level: level ?? 'INFO', message: message ?? '' }),
  )
  const { errorCode: code, errorMessage: message } = run
  return analyze(lines, code === null ? null : { code, message: message ?? '' }, await ownRules(prisma))
}
