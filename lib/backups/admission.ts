import { basename, extname, normalize } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { databasePart } from '#lib/sources/driver.ts'
import type { SourceType } from '#prisma/client/enums.ts'
import type { TriggerInput } from './input.ts'

export interface Candidate {
  id: string
  name: string
  type: SourceType
  kind: string
  enabled: boolean
  environment: { id: string; name: string; repositoryId: string | null }
  repositoryId: string | null
  settings: unknown
  /** The backup that is queued or running for it, if any. */
  activeBackupId: string | null
}

export interface Admitted {
  source: Candidate
  repositoryId: string
  /** The part of the source that this run is about, see SourcePart; empty: all of it. */
  part: string
  storagePath: string | null
}

/**
 * Decides what a trigger starts, from facts alone: which sources, into which repository, narrowed to what.
 * Throws the code of the first reason to refuse; a trigger is admitted whole or not at all.
 */
export function admit(
  input: TriggerInput,
  sources: Candidate[],
  facts: { environments: string[]; defaultRepositoryId: string | null; planRepositoryId?: string | null },
): Admitted[] {
  for (const name of input.environments ?? []) {
    if (!facts.environments.includes(name))
      throw new CodedError('ENVIRONMENT_UNKNOWN', { name, known: facts.environments })
  }
  const wanted = input.environments?.length ? input.environments : facts.environments
  const reachable = sources.filter((source) => wanted.includes(source.environment.name))
  const chosen = input.sourceIds ? named(input, reachable) : all(input, reachable, sources)
  const admitted = narrow(input, chosen).map(({ source, part, storagePath }) => {
    const repositoryId =
      facts.planRepositoryId ?? source.repositoryId ?? source.environment.repositoryId ?? facts.defaultRepositoryId
    if (repositoryId === null) throw new CodedError('NO_REPOSITORY', { source: source.name })
    return { source, repositoryId, part, storagePath }
  })
  if (admitted.every((run) => isInstallation(run.source) && !input.sourceIds))
    throw new CodedError('NOTHING_TO_BACK_UP', { type: input.type, environments: wanted })
  const busy = admitted.map((run) => run.source).filter((source) => source.activeBackupId !== null)
  if (busy.length > 0)
    throw new CodedError('BACKUP_ALREADY_RUNNING', {
      sources: busy.map((source) => source.name),
      backupIds: [...new Set(busy.map((source) => source.activeBackupId as string))],
    })
  return admitted
}

/** A source of the chosen environments that a trigger leaves out. */
export interface LeftOut {
  sourceId: string
  name: string
  environment: string
  reason: 'DISABLED' | 'OTHER_TYPE' | 'OTHER_DATABASE_OR_FOLDER' | 'IN_ANOTHER_BACKUP'
}

/** What is left out, and why, of a trigger that was admitted. Nothing when it named its sources: then the others were not meant. */
export function leftOut(input: TriggerInput, sources: Candidate[], admitted: Admitted[]): LeftOut[] {
  if (input.sourceIds) return []
  const isIncluded = new Set(admitted.map((run) => run.source.id))
  const isMeant = (source: Candidate) =>
    !input.environments?.length || input.environments.includes(source.environment.name)
  const reason = (source: Candidate) => {
    if (!source.enabled) return 'DISABLED'
    if (takesInstallation(input) && isInstallation(source)) return 'IN_ANOTHER_BACKUP'
    return fits(input, source) ? 'OTHER_DATABASE_OR_FOLDER' : 'OTHER_TYPE'
  }
  return sources
    .filter((source) => isMeant(source) && !isIncluded.has(source.id))
    .map((source) => ({
      sourceId: source.id,
      name: source.name,
      environment: source.environment.name,
      reason: reason(source),
    }))
}

/** A full backup takes the installation itself besides, whatever environment it is a source of. */
export const takesInstallation = (input: TriggerInput): boolean =>
  input.type === 'FULL' && !input.sourceIds && input.databaseName === undefined && input.storagePath === undefined

const isInstallation = (source: Candidate): boolean => source.kind === 'installation'

function all(input: TriggerInput, reachable: Candidate[], sources: Candidate[]): Candidate[] {
  const chosen = reachable.filter((source) => fits(input, source))
  // A full backup of another environment saves it already: this one does not wait for that.
  const itself = takesInstallation(input) ? sources.filter((one) => isInstallation(one) && !one.activeBackupId) : []
  return [...chosen, ...itself].filter((source) => source.enabled)
}

/** The installation is no database of an environment: only a full backup takes it without being asked for it by name. */
const fits = (input: TriggerInput, source: Candidate): boolean =>
  !isInstallation(source) && (input.type === 'FULL' || source.type === input.type)

function named(input: TriggerInput, reachable: Candidate[]): Candidate[] {
  return [...new Set(input.sourceIds)].map((id) => {
    const source = reachable.find((candidate) => candidate.id === id)
    if (!source) throw new CodedError('SOURCE_UNKNOWN', { id })
    if (!source.enabled) throw new CodedError('SOURCE_DISABLED', { name: source.name })
    if (input.type !== 'FULL' && source.type !== input.type)
      throw new CodedError('SOURCE_TYPE_MISMATCH', { name: source.name, type: source.type, wanted: input.type })
    return source
  })
}

type Narrowed = Omit<Admitted, 'repositoryId'>

function narrow(input: TriggerInput, chosen: Candidate[]): Narrowed[] {
  if (input.databaseName !== undefined) return byDatabase(input.databaseName, chosen)
  if (input.storagePath !== undefined) return byFolder(normalize(input.storagePath), chosen)
  return chosen.map((source) => ({ source, part: '', storagePath: null }))
}

/**
 * The sources of that database, by its own name or the source's; else those that list it among others; else a single
 * source of a database server, which may be asked for any database of it.
 */
function byDatabase(name: string, chosen: Candidate[]): Narrowed[] {
  const matching = chosen.filter((source) => source.name === name || databaseOf(source) === name)
  if (matching.length > 0) return matching.map((source) => ({ source, part: '', storagePath: null }))
  const part = databasePart(name)
  const listing = chosen.filter((source) => listedBy(source).includes(name))
  if (listing.length > 0) return listing.map((source) => ({ source, part, storagePath: null }))
  const servers = chosen.filter((source) => Object.hasOwn(source.settings as object, 'host'))
  const [only] = servers
  if (only !== undefined && chosen.length === 1) return [{ source: only, part, storagePath: null }]
  throw new CodedError('DATABASE_NAME_UNKNOWN', {
    name,
    known: chosen.flatMap((source) => [databaseOf(source) ?? source.name, ...listedBy(source)]),
  })
}

function databaseOf(source: Candidate): string | null {
  const settings = source.settings as { database?: string; path?: string }
  if (settings.database !== undefined) return settings.database
  return settings.path === undefined ? null : basename(settings.path, extname(settings.path))
}

const listedBy = (source: Candidate): string[] => (source.settings as { databases?: string[] }).databases ?? []

function byFolder(folder: string, chosen: Candidate[]): Narrowed[] {
  const path = folder.length > 1 && folder.endsWith('/') ? folder.slice(0, -1) : folder
  const registered = chosen.flatMap((source) => (source.settings as { paths?: string[] }).paths ?? [])
  const source = chosen.find((candidate) =>
    ((candidate.settings as { paths?: string[] }).paths ?? []).some(
      (root) => path === root || path.startsWith(`${root}/`),
    ),
  )
  if (!source) throw new CodedError('PATH_NOT_ALLOWED', { path: folder, roots: registered })
  return [{ source, part: '', storagePath: path }]
}
