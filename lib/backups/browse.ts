import { posix } from 'node:path'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { openAccess } from '#lib/repositories/access.ts'
import type { RepositoryDeps } from '#lib/repositories/find.ts'
import type { Entry } from '#lib/restic/list-folder.ts'
import type { BackupRun, Repository } from '#prisma/client/client.ts'
import { listedFolder } from './listed-folders.ts'

const MOST_AT_ONCE = 500
const NOTED_ONCE_MS = 60 * 60_000

/** Absolute in the snapshot. */
export const pathInput = z
  .string()
  .max(4096, 'may have at most 4096 characters')
  .startsWith('/', 'must begin with “/”')
  .refine((path) => !path.includes('\0'), 'may not contain a NUL character')
  .transform((path) => posix.normalize(path).replace(/(.)\/$/, '$1'))

const browseInput = z.strictObject({
  runId: z.string(),
  path: pathInput.default('/'),
  first: z.int().min(1).max(MOST_AT_ONCE, `may be at most ${MOST_AT_ONCE}`).default(100),
  /** The cursor of the page before. */
  after: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a cursor of an earlier answer')
    .nullish(),
})

export interface EntryPage {
  path: string
  entries: Entry[]
  /** Null: there are no more. */
  next: string | null
}

/**
 * What lies in a folder of a run's snapshot, a page at a time. Who looks into which snapshot is noted once an hour. Throws
 * FORBIDDEN, INPUT_INVALID, RUN_UNKNOWN, SNAPSHOT_GONE, SNAPSHOT_PATH_UNKNOWN, SECRET_UNREADABLE and what restic finds.
 */
export async function browseSnapshot(
  deps: RepositoryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<EntryPage> {
  requireScope(actor, 'backup:restore', 'look into a snapshot')
  const { runId, path, first, after } = parseInput(browseInput, raw)
  const run = await savedRun(deps, runId)
  await noteOnce(deps, actor, run.id)
  const skip = Number(after ?? 0)
  const access = () => openAccess(deps, run.repository)
  const folder = await listedFolder(deps.restic, access, run.snapshotId, path, { skip, first, signal })
  if (folder === null) throw new CodedError('SNAPSHOT_PATH_UNKNOWN', { path })
  const { entries, hasMore } = folder
  return { path, entries, next: hasMore ? String(skip + entries.length) : null }
}

export type SavedRun = BackupRun & { snapshotId: string; repository: Repository }

/** A run whose snapshot is there. Throws RUN_UNKNOWN, SNAPSHOT_GONE. */
export async function savedRun({ prisma }: Pick<RepositoryDeps, 'prisma'>, id: string): Promise<SavedRun> {
  const run = z.uuid().safeParse(id).success
    ? await prisma.backupRun.findUnique({ where: { id }, include: { repository: true } })
    : null
  if (!run) throw new CodedError('RUN_UNKNOWN', { id })
  if (run.snapshotId === null || run.removedAt !== null) throw new CodedError('SNAPSHOT_GONE', { id })
  return { ...run, snapshotId: run.snapshotId }
}

async function noteOnce({ prisma, clock }: RepositoryDeps, actor: Actor, runId: string): Promise<void> {
  const since = new Date(clock.now().getTime() - NOTED_ONCE_MS)
  const action = 'snapshot.browse'
  const where = { action, targetId: runId, actorId: actor.userId, at: { gt: since } }
  if ((await prisma.auditEvent.count({ where })) > 0) return
  await record(prisma, { actor, action, target: { type: 'run', id: runId } })
}
