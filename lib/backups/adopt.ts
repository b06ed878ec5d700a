import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Config } from '#lib/config/config.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { findRepository, type RepositoryDeps } from '#lib/repositories/find.ts'
import { openRepository } from '#lib/restic/init.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import type { BackupRun, Prisma, Repository } from '#prisma/client/client.ts'
import { type Found, type FoundRun, type FoundSource, identifySnapshots } from './identify-snapshots.ts'
import { backupState } from './states.ts'

export interface AdoptDeps extends RepositoryDeps {
  config: Pick<Config, 'DATA_DIR' | 'COMPRESSION_LEVEL'>
}

/** What was found and what was added. */
export interface Adopted {
  snapshots: number
  /** Those that were known already, and left alone. */
  known: number
  /** Of the snapshots, those that another program or installation made without our tags. */
  foreign: number
  runs: number
  backups: number
  sources: number
  environments: number
}

const LIST_TIMEOUT_MS = 60_000
/** 20,000 snapshots took a minute on two busy cores. */
const WRITE_TIMEOUT_MS = 5 * 60_000
const ROWS_AT_ONCE = 500

/**
 * Reads all snapshots of a repository and shows those that are not known yet as history: environments by their names, sources
 * under their old ids and names, backups and runs with their times and sizes. Sources are disabled until their settings,
 * which no snapshot holds, are entered again. A second call adds nothing. Throws FORBIDDEN, REPOSITORY_UNKNOWN and what keeps
 * restic from listing.
 */
export async function adoptRepository(
  deps: AdoptDeps,
  actor: Actor | null,
  id: string,
  caller?: AbortSignal,
): Promise<Adopted> {
  requireScope(actor, 'settings:write', 'adopt a repository')
  const repository = await findRepository(deps, id)
  const deadline = AbortSignal.timeout(LIST_TIMEOUT_MS)
  const found = await look(deps, repository, caller ? AbortSignal.any([deadline, caller]) : deadline).catch((error) => {
    if (error !== deadline.reason) throw error
    throw new CodedError('RESTIC_TIMEOUT', { command: 'snapshots', timeoutMs: LIST_TIMEOUT_MS })
  })
  return deps.prisma.$transaction(
    async (tx) => {
      await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger adopt'))`
      const adopted = await write(deps, tx, repository, found)
      await record(tx, {
        actor,
        action: 'repository.adopt',
        target: { type: 'repository', id },
        details: { ...adopted },
      })
      return adopted
    },
    { timeout: WRITE_TIMEOUT_MS },
  )
}

async function look(deps: AdoptDeps, repository: Repository, signal: AbortSignal): Promise<Found> {
  const restic = await deps.restic()
  await using access = await openAccess(deps, repository)
  const { id } = await openRepository(restic, access, { signal })
  return identifySnapshots(await listSnapshots(restic, access, {}, { signal }), id)
}

async function write(deps: AdoptDeps, tx: Transaction, repository: Repository, found: Found): Promise<Adopted> {
  const known = new Set<string>()
  for (const part of inParts(found.runs)) {
    const where = { id: { in: part.map((run) => run.id) } }
    for (const run of await tx.backupRun.findMany({ where, select: { id: true } })) known.add(run.id)
  }
  const runs = found.runs.filter((run) => !known.has(run.id))
  const wanted = new Set(runs.map((run) => run.sourceId))
  const { environments, sources } = await addSources(
    tx,
    repository,
    found.sources.filter((source) => wanted.has(source.id)),
  )
  const backups = await addBackups(deps, tx, repository, runs)
  await addRuns(deps, tx, repository, runs)
  await settle(tx, [...new Set(runs.map((run) => run.backupId))], found.wholeBackups)
  return {
    snapshots: found.runs.length,
    known: known.size,
    foreign: found.foreign,
    runs: runs.length,
    backups,
    sources,
    environments,
  }
}

async function addSources(tx: Transaction, repository: Repository, found: FoundSource[]) {
  const present = await tx.source.findMany({ select: { id: true, name: true, environmentId: true, deletedAt: true } })
  const ids = new Set(present.map((source) => source.id))
  const taken = new Set(
    present.filter((source) => source.deletedAt === null).map((source) => `${source.environmentId} ${source.name}`),
  )
  const environments = new Map((await tx.environment.findMany()).map((one) => [one.name, one.id]))
  const before = environments.size
  const absent = found.filter((source) => !ids.has(source.id))
  for (const name of new Set(absent.map((source) => source.environment)))
    if (!environments.has(name)) {
      const made = await tx.environment.create({ data: { name, position: environments.size } })
      environments.set(name, made.id)
    }
  const rows = absent.map(({ id, name, kind, type, environment, settings }) => {
    const environmentId = environments.get(environment) as string
    const isTaken = taken.has(`${environmentId} ${name}`)
    const free = isTaken ? `${name.slice(0, 80)} (${id.slice(-12)})` : name
    taken.add(`${environmentId} ${free}`)
    const row = { id, environmentId, name: free, kind, type, settings: settings as object, enabled: false }
    return { ...row, settingsMissing: true, repositoryId: repository.id }
  })
  await tx.source.createMany({ data: rows })
  return { environments: environments.size - before, sources: rows.length }
}

/** Answers how many were added. Their states are settled once their runs are there. */
async function addBackups(deps: AdoptDeps, tx: Transaction, repository: Repository, runs: FoundRun[]): Promise<number> {
  const of = Map.groupBy(runs, (run) => run.backupId)
  const rows = [...of].map(([id, own]): Prisma.BackupCreateManyInput => {
    const [type, other] = new Set(own.map((run) => run.type))
    return {
      id,
      type: other === undefined && type !== undefined ? type : 'FULL',
      origin: 'ADOPTED',
      state: 'PARTIAL',
      description: `Read back from the repository “${repository.name}”. Runs that saved nothing have left no trace there.`,
      environments: [...new Set(own.map((run) => run.environment))],
      compressionLevel: deps.config.COMPRESSION_LEVEL,
      createdAt: own[0]?.snapshot.startedAt,
    }
  })
  let added = 0
  for (const data of inParts(rows)) added += (await tx.backup.createMany({ data, skipDuplicates: true })).count
  return added
}

async function addRuns(deps: AdoptDeps, tx: Transaction, repository: Repository, runs: FoundRun[]): Promise<void> {
  const error = new CodedError('RUN_ADOPTED', { repository: repository.name })
  const attempts = new Map<string, number>()
  const keyOf = (run: Pick<FoundRun, 'backupId' | 'sourceId' | 'part'>) => `${run.backupId} ${run.sourceId} ${run.part}`
  for (const part of inParts(runs)) {
    const where = { backupId: { in: part.map((run) => run.backupId) } }
    for (const run of await tx.backupRun.findMany({ where, orderBy: { attempt: 'asc' } }))
      attempts.set(keyOf(run), run.attempt)
  }
  const rows = runs.map((run): Prisma.BackupRunCreateManyInput => {
    const { id, backupId, sourceId, part, isWhole, snapshot } = run
    const key = keyOf(run)
    const attempt = (attempts.get(key) ?? 0) + 1
    attempts.set(key, attempt)
    const { files, bytes } = snapshot
    return {
      id,
      backupId,
      sourceId,
      part,
      attempt,
      repositoryId: repository.id,
      compressionLevel: deps.config.COMPRESSION_LEVEL,
      snapshotId: snapshot.id,
      state: isWhole ? 'SUCCEEDED' : 'PARTIAL',
      ...(!isWhole && { errorCode: error.code, errorMessage: error.message, errorRemedy: error.remedy }),
      filesDone: files,
      filesTotal: files,
      bytesDone: bytes,
      bytesTotal: bytes,
      addedBytes: snapshot.addedBytes,
      storedBytes: snapshot.storedBytes,
      queuedAt: snapshot.startedAt,
      startedAt: snapshot.startedAt,
      finishedAt: snapshot.endedAt,
    }
  })
  for (const data of inParts(rows)) await tx.backupRun.createMany({ data })
}

/**
 * The states and times of backups of which runs were adopted, from all runs that they have now. One is SUCCEEDED only when it
 * is known that nothing of it failed, since that has left no trace.
 */
async function settle(tx: Transaction, backupIds: string[], whole: ReadonlySet<string>): Promise<void> {
  const runs: BackupRun[] = []
  for (const part of inParts(backupIds))
    runs.push(...(await tx.backupRun.findMany({ where: { backupId: { in: part } } })))
  const settled = [...Map.groupBy(runs, (run) => run.backupId)].map(([id, own]) => {
    const state = backupState(own)
    return {
      id,
      state: state === 'SUCCEEDED' && !whole.has(id) ? 'PARTIAL' : state,
      startedAt: new Date(Math.min(...own.map((run) => (run.startedAt ?? run.queuedAt).getTime()))),
      finishedAt: new Date(Math.max(...own.map((run) => (run.finishedAt ?? run.queuedAt).getTime()))),
    }
  })
  for (const part of inParts(settled))
    await tx.$executeRaw`
      update backups b set state = v.state::"RunState", created_at = v.started, started_at = v.started, finished_at = v.finished
      from unnest(${part.map((one) => one.id)}::uuid[], ${part.map((one) => one.state)}::text[],
        ${part.map((one) => one.startedAt)}::timestamptz[], ${part.map((one) => one.finishedAt)}::timestamptz[])
        as v (id, state, started, finished)
      where b.id = v.id and b.origin = 'ADOPTED'`
}

function* inParts<T>(rows: readonly T[]): Generator<T[]> {
  for (let i = 0; i < rows.length; i += ROWS_AT_ONCE) yield rows.slice(i, i + ROWS_AT_ONCE)
}
