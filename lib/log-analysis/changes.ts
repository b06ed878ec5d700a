import type { Database } from '#lib/database/database.ts'
import type { BackupRun, Prisma } from '#prisma/client/client.ts'

/** Something that is not as it was when the source was last saved. */
export interface RunChange {
  what: string
  before: string | null
  now: string | null
  /** When and by whom, of what somebody changed. */
  at: Date | null
  by: string | null
}

export interface ChangesSinceGood {
  /** The last good run before it. */
  good: Pick<BackupRun, 'id' | 'backupId' | 'finishedAt'>
  /** The first one that failed since; its own, or an earlier one. */
  firstFailure: Pick<BackupRun, 'id' | 'backupId' | 'finishedAt'>
  changes: RunChange[]
}

const BAD = ['FAILED', 'INTERRUPTED'] as const
const GOOD = ['SUCCEEDED', 'PARTIAL'] as const
/** What drivers say first: “pg_dump 16.4 (/usr/bin/pg_dump) for PostgreSQL 16.4”. */
const PROGRAM = /^\S+ \d[\d.]*\S* \(.+\) for \S+ \d/
const LINES_READ = 50
const CHANGES_SHOWN = 20
/** Less is how data grows. */
const LEAST_SHARE = 0.5

const asked: Record<string, string> = {
  'source.update': 'The source was changed',
  'repository.update': 'The repository was changed',
  'environment.update': 'The environment was changed',
  'plan.update': 'The plan was changed',
  'settings.change': 'A setting was changed',
  'configuration.apply': 'A configuration file was applied',
}

/**
 * What changed between the last good run of the same part of a source and the first one after it that failed: programs and servers by
 * what drivers log, worker, repository, what was asked for, size, and what people changed, by the audit log. Null where the run did not
 * fail, or there was no good one.
 */
export async function changesSinceGood(
  prisma: Database,
  run: Pick<BackupRun, 'id' | 'state' | 'sourceId' | 'part' | 'queuedAt'>,
): Promise<ChangesSinceGood | null> {
  const { sourceId, part } = run
  if (!BAD.some((state) => state === run.state)) return null
  const find = (where: Prisma.BackupRunWhereInput, finishedAt: 'asc' | 'desc') =>
    prisma.backupRun.findFirst({
      where: { sourceId, part, ...where },
      orderBy: { finishedAt },
      include: { repository: { select: { id: true, name: true } }, backup: { select: { planId: true } }, source: true },
    })
  const good = await find({ state: { in: [...GOOD] }, finishedAt: { lt: run.queuedAt } }, 'desc')
  if (good?.finishedAt == null) return null
  const failed = await find({ state: { in: [...BAD] }, finishedAt: { gt: good.finishedAt } }, 'asc')
  if (failed === null) return null
  const told = await peopleDid(prisma, {
    after: good.startedAt ?? good.queuedAt,
    before: failed.startedAt ?? failed.finishedAt ?? failed.queuedAt,
    ids: [sourceId, failed.repositoryId, failed.source.environmentId, failed.backup.planId ?? ''],
  })
  const changes = [
    ...(await programs(prisma, good.id, failed.id)),
    ...differing([
      ['The worker’s machine', hostOf(good.worker), hostOf(failed.worker)],
      ['The repository', good.repository.name, failed.repository.name],
      ['The storage path', good.storagePath, failed.storagePath],
      ['The compression level', String(good.compressionLevel), String(failed.compressionLevel)],
    ]),
    ...grown('How much there is to read, in bytes', good.bytesTotal, failed.bytesTotal),
    ...grown('How many files there are', good.filesTotal, failed.filesTotal),
    ...grown('How many rows there are', good.rowCount, failed.rowCount),
    ...told,
  ]
  return { good, firstFailure: failed, changes: changes.slice(0, CHANGES_SHOWN) }
}

/** Workers are named by their machine and their process. */
const hostOf = (worker: string | null): string | null => worker?.replace(/:\d+$/, '') ?? null

function differing(
  pairs: readonly (readonly [what: string, before: string | null, now: string | null])[],
): RunChange[] {
  return pairs
    .filter(([, before, now]) => before !== now && now !== null)
    .map(([what, before, now]) => ({ what, before, now, at: null, by: null }))
}

function grown(what: string, before: bigint | null, now: bigint | null): RunChange[] {
  if (before === null || now === null) return []
  const [was, is] = [Number(before), Number(now)]
  if (Math.abs(is - was) <= LEAST_SHARE * Math.max(was, 1)) return []
  return [{ what, before: String(before), now: String(now), at: null, by: null }]
}

async function programs(prisma: Database, good: string, failed: string): Promise<RunChange[]> {
  const said = async (runId: string) => {
    const lines = await prisma.backupEvent.findMany({
      where: { runId, kind: 'LOG' },
      select: { message: true },
      orderBy: { seq: 'asc' },
      take: LINES_READ,
    })
    return lines.map(({ message }) => message ?? '').filter((line) => PROGRAM.test(line))
  }
  const [[before = null], [now = null]] = [await said(good), await said(failed)]
  return differing([['The program and the server', before, now]])
}

async function peopleDid(
  prisma: Database,
  { after, before, ids }: { after: Date; before: Date; ids: readonly string[] },
): Promise<RunChange[]> {
  const events = await prisma.auditEvent.findMany({
    where: {
      at: { gt: after, lt: before },
      OR: [
        {
          action: { in: ['source.update', 'repository.update', 'environment.update', 'plan.update'] },
          targetId: { in: [...ids] },
        },
        { action: { in: ['settings.change', 'configuration.apply'] } },
      ],
    },
    orderBy: { at: 'desc' },
    take: CHANGES_SHOWN,
  })
  return events.map(({ action, actor, at, targetType, targetId }) => {
    const setting = targetType === 'setting' && targetId !== null ? `: ${targetId}` : ''
    return { what: `${asked[action] ?? action}${setting}`, before: null, now: null, at, by: actor }
  })
}
