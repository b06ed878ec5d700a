import { v5 as uuidv5 } from 'uuid'
import { absolutePath } from '#lib/forms/settings.ts'
import type { Snapshot } from '#lib/restic/snapshots.ts'
import { sourceKinds } from '#lib/sources/kinds.ts'
import type { SourceType } from '#prisma/client/enums.ts'
import { readTags } from './snapshot-tags.ts'

/** A run as its snapshot tells of it. */
export interface FoundRun {
  id: string
  backupId: string
  sourceId: string
  part: string
  type: SourceType
  environment: string
  /** Whether nothing was left out of it; null: nobody knows. */
  isWhole: true | null
  snapshot: Snapshot
}

export interface FoundSource {
  id: string
  name: string
  kind: string
  type: SourceType
  environment: string
  settings: Record<string, unknown>
}

export interface Found {
  sources: FoundSource[]
  /** Oldest first. */
  runs: FoundRun[]
  /** Of these backups it is known that nothing failed. */
  wholeBackups: ReadonlySet<string>
  /** How many of the snapshots are none of ours. */
  foreign: number
}

/** Where sources that are none of ours belong. */
export const FOREIGN_ENVIRONMENT = 'adopted'

const NAME_LIMIT = 100
/** Of version 5 (RFC 9562): the same snapshot always gets the same id, so that nothing is adopted twice. */
const NAMESPACE = 'a3d8c7b2-52f4-4c86-9a3e-7d0f6c1b8e59'
const idOf = (...words: string[]) => uuidv5(JSON.stringify(words), NAMESPACE)

/** Kinds of sources whose snapshots of earlier versions did not name it. */
const KIND_OF_TYPE = { DATABASE: 'command', USER_DATA: 'user-data', STORAGE: 'files' } as const

/**
 * What snapshots are of: ours by their tags, the newest one of a source telling its name; those of others by host and paths.
 * Which runs and backups are whole is known from the tags of the runs after them, and of the newest ones of a source it is not:
 * restic also keeps what a killed worker left half done, and runs that saved nothing leave no trace. `resticId` is restic's own id of the repository.
 */
export function identifySnapshots(snapshots: readonly Snapshot[], resticId: string): Found {
  const ordered = [...snapshots].sort(
    (a, b) => a.time.getTime() - b.time.getTime() || Number(isChanged(a)) - Number(isChanged(b)),
  )
  const tagged = ordered.map((snapshot) => ({ snapshot, tags: readTags(snapshot.tags) }))
  const whole = new Set(tagged.flatMap(({ tags }) => tags?.whole ?? []))
  const wholeBackups = new Set(tagged.flatMap(({ tags }) => tags?.['whole-backup'] ?? []))
  const sources = new Map<string, FoundSource>()
  const runs = new Map<string, FoundRun>()
  for (const { snapshot, tags } of tagged) {
    const source = tags ? ownSource(tags) : foreignSource(snapshot, resticId)
    sources.set(source.id, source)
    const id = tags?.run ?? idOf('run', resticId, snapshot.originalId ?? snapshot.id)
    runs.set(id, {
      id,
      backupId: tags?.backup ?? idOf('backup', id),
      sourceId: source.id,
      part: tags?.part ?? '',
      type: source.type,
      environment: source.environment,
      isWhole: whole.has(id) && !isChanged(snapshot) ? true : null,
      snapshot,
    })
  }
  const foreign = tagged.filter(({ tags }) => tags === null).length
  return { sources: [...sources.values()], runs: [...runs.values()], wholeBackups, foreign }
}

/**
 * Whether it is not the snapshot that the backup made, but one that took its place with its time and its tags. A repair, which
 * leaves out what is lost, cannot be told from a copy.
 */
const isChanged = ({ originalId }: Snapshot): boolean => originalId !== null

function ownSource(tags: NonNullable<ReturnType<typeof readTags>>): FoundSource {
  const kind = tags.kind !== undefined && Object.hasOwn(sourceKinds, tags.kind) ? tags.kind : KIND_OF_TYPE[tags.type]
  return {
    id: tags.source,
    name: tags.name ?? `source ${tags.source.slice(-12)}`,
    kind,
    type: tags.type,
    environment: tags.env,
    settings: {},
  }
}

function foreignSource({ host, paths }: Snapshot, resticId: string): FoundSource {
  const known = paths.map((path) => absolutePath.safeParse(path))
  const name = `${host}: ${paths.join(', ')}`.replaceAll(/\p{Cc}/gu, ' ').trim()
  return {
    id: idOf('source', resticId, host, ...paths),
    name: name.length > NAME_LIMIT ? `${name.slice(0, NAME_LIMIT - 1)}…` : name,
    kind: 'files',
    type: 'STORAGE',
    environment: FOREIGN_ENVIRONMENT,
    settings: known.every((path) => path.success) ? { paths: known.map((path) => path.data), exclude: [] } : {},
  }
}
