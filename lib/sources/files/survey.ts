import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { textOf } from './names.ts'
import { componentsOf, type Rules, SIZE_LIMIT } from './rules.ts'
import { joinBytes } from './tree.ts'

/** How many entries of one folder are looked at together: memory stays bounded in a folder with millions. */
const BATCH = 1000
/** Makes opendir give names as bytes; Node's types do not know it. */
const BYTES = 'buffer' as BufferEncoding
const OTHER_FILE_SYSTEM = 'another file system is mounted there'

export interface Surveyed {
  name: Buffer
  kind: 'file' | 'folder' | 'symlink' | 'other'
  /** Of regular files, in bytes, when `sizes` was asked for or there is a limit. */
  size: number | null
  /** Why it is left out, for people; null: it is saved. */
  because: string | null
}

/** A part of one folder's content. A folder is reported at least once, also when it is empty. */
export interface Batch {
  folder: Buffer
  stats: BigIntStats
  entries: Surveyed[]
  /** Why all of its content is left out; null where entries are judged one by one. */
  because: string | null
  /** Another file system is mounted here and left out: the folder itself is saved, as an empty one. */
  isMount: boolean
  /** The system's error code when the folder could not be listed. */
  unreadable: string | null
}

export interface SurveyOptions {
  signal: AbortSignal
  oneFileSystem: boolean
  /** Whether sizes of files are wanted: costs a system call per file. */
  sizes: boolean
  /** Whether to look into folders that are left out; what is in them is left out for the same reason. */
  intoLeftOut: boolean
}

interface Pending {
  path: Buffer
  components: string[]
  /** Why everything in it is left out. */
  because: string | null
}

/**
 * What is in a folder and below, and what of it a backup leaves out; `because` says why the folder itself is, if it is. Folders before their content. What vanishes meanwhile is
 * not reported; sockets, which restic does not save, never are. Only the folders still to be visited are held in memory.
 */
export async function* survey(
  root: string,
  rules: Rules,
  options: SurveyOptions,
  because: string | null = null,
): AsyncGenerator<Batch> {
  const path = Buffer.from(root)
  const stats = await statsOf(path)
  if (stats === null || !stats.isDirectory()) return
  const pending: Pending[] = [{ path, components: componentsOf(path), because }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    options.signal.throwIfAborted()
    yield* contentOf(next, stats.dev, rules, options, pending)
  }
}

async function* contentOf(
  folder: Pending,
  device: bigint,
  rules: Rules,
  options: SurveyOptions,
  pending: Pending[],
): AsyncGenerator<Batch> {
  const stats = await statsOf(folder.path)
  if (stats === null || !stats.isDirectory()) return
  const isElsewhere = options.oneFileSystem && stats.dev !== device
  const isMount = folder.because === null && isElsewhere
  const because = folder.because ?? (isElsewhere ? OTHER_FILE_SYSTEM : null)
  const batch: Batch = { folder: folder.path, stats, entries: [], because, isMount, unreadable: null }
  if (because !== null && !options.intoLeftOut) {
    yield batch
    return
  }
  const byMarker = because === null ? await rules.byMarker(folder.path) : () => null
  const byPattern = because === null ? rules.byPattern(folder.components) : () => null
  const look = (dirent: Dirent): Surveyed => {
    const name = Buffer.from(dirent.name as unknown as Buffer)
    const text = textOf(name)
    const why = because ?? byMarker(text) ?? byPattern(text)
    const kind = kindOf(dirent)
    if (kind === 'folder' && (why === null || options.intoLeftOut))
      pending.push({
        path: joinBytes(folder.path, name),
        components: [...folder.components, text],
        because: why,
      })
    return { name, kind, size: null, because: why }
  }
  try {
    const listing = await opendir(folder.path, { encoding: BYTES, bufferSize: BATCH })
    let waiting: Dirent[] = []
    const report = async (): Promise<Batch> => {
      options.signal.throwIfAborted()
      const entries = waiting.map(look)
      waiting = []
      if (options.sizes || rules.largestFile !== null)
        await Promise.all(entries.map((entry) => measure(entry, folder.path, rules, options)))
      return { ...batch, entries }
    }
    let isReported = false
    for await (const dirent of listing) {
      if (!dirent.isSocket()) waiting.push(dirent)
      if (waiting.length < BATCH) continue
      yield await report()
      isReported = true
    }
    if (waiting.length > 0 || !isReported) yield await report()
  } catch (thrown) {
    const { code, syscall } = thrown as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw thrown
    if (code !== 'ENOENT' && code !== 'ENOTDIR') yield { ...batch, unreadable: code }
  }
}

/** Learns a file's size, where it matters, and what the limit says of it. */
async function measure(entry: Surveyed, folder: Buffer, rules: Rules, options: SurveyOptions): Promise<void> {
  if (entry.kind !== 'file' || (entry.because !== null && !options.sizes)) return
  const stats = await lstat(joinBytes(folder, entry.name)).catch(() => null)
  entry.size = stats?.size ?? null
  if (entry.because === null && rules.largestFile !== null && (entry.size ?? 0) > rules.largestFile)
    entry.because = SIZE_LIMIT
}

function kindOf(dirent: Dirent): Surveyed['kind'] {
  if (dirent.isFile()) return 'file'
  if (dirent.isDirectory()) return 'folder'
  return dirent.isSymbolicLink() ? 'symlink' : 'other'
}

async function statsOf(path: Buffer): Promise<BigIntStats | null> {
  return lstat(path, { bigint: true }).catch(() => null)
}
