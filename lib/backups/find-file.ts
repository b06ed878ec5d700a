import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { openAccess } from '#lib/repositories/access.ts'
import type { RepositoryDeps } from '#lib/repositories/find.ts'
import { findFiles, type Match } from '#lib/restic/find-files.ts'
import type { BackupRun } from '#prisma/client/client.ts'

const findInput = z.strictObject({
  sourceId: z.string(),
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(1000, 'is too long')
    .refine((text) => !text.includes('\0'), 'may not contain a NUL character'),
})

/** One content of one path, as far as size and time of change tell, and the runs whose snapshots hold it, the newest first. */
export interface FileVersion {
  path: string
  type: string
  bytes: number | null
  modifiedAt: Date
  runs: BackupRun[]
}

/**
 * Where a name is in all that is saved of a source, in which versions, by path, and of each the newest first. `*` and `?` stand for
 * other characters; capital letters make no difference. Throws FORBIDDEN, INPUT_INVALID, SOURCE_UNKNOWN,
 * SNAPSHOT_MATCHES_TOO_MANY, SECRET_UNREADABLE and what restic finds.
 */
export async function findFile(
  deps: RepositoryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<FileVersion[]> {
  requireScope(actor, 'backup:restore', 'search what was saved')
  const { sourceId, name } = parseInput(findInput, raw)
  const source = z.uuid().safeParse(sourceId).success
    ? await deps.prisma.source.findUnique({ where: { id: sourceId } })
    : null
  if (!source) throw new CodedError('SOURCE_UNKNOWN', { id: sourceId })
  const runs = await deps.prisma.backupRun.findMany({
    where: { sourceId, snapshotId: { not: null }, removedAt: null },
    include: { repository: true },
    orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
  })
  const target = { type: 'source', id: sourceId }
  await record(deps.prisma, { actor, action: 'snapshot.find', target, details: { name } })
  const restic = await deps.restic()
  const versions: FileVersion[] = []
  for (const own of Map.groupBy(runs, (run) => run.repositoryId).values()) {
    await using access = await openAccess(deps, (own[0] as (typeof own)[number]).repository)
    const matches = await findFiles(restic, access, { host: `source-${sourceId}`, pattern: name, signal })
    versions.push(...versionsOf(matches, own))
  }
  return versions.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : +b.modifiedAt - +a.modifiedAt))
}

function versionsOf(matches: readonly Match[], runs: readonly BackupRun[]): FileVersion[] {
  const byVersion = Map.groupBy(matches, ({ path, type, bytes, modifiedAt }) =>
    JSON.stringify([path, type, bytes, modifiedAt]),
  )
  return [...byVersion.values()].flatMap((same) => {
    const holders = new Set(same.map(({ snapshotId }) => snapshotId))
    const { path, type, bytes, modifiedAt } = same[0] as Match
    const own = runs.filter(({ snapshotId }) => holders.has(snapshotId as string))
    return own.length === 0 ? [] : [{ path, type, bytes, modifiedAt, runs: own }]
  })
}
