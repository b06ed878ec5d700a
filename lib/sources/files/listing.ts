import { createReadStream } from 'node:fs'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemClock } from '#lib/clock/now.ts'
import { printable, textOf } from './names.ts'
import type { Rules } from './rules.ts'
import { survey } from './survey.ts'
import { joinBytes } from './tree.ts'

/*
 * restic passes over a file that vanishes between its listing of a folder and its opening of the file, and ends with success.
 * So the names are listed before it starts, and afterwards those are asked for that it can have missed. A name can only
 * vanish, even for a moment, by a change of its folder, which the folder's change time tells. One look at each folder is
 * therefore enough, and only in changed folders one at each file: what has not been touched since the beginning was there
 * all the time. The rest, mostly nothing, is looked up in the snapshot.
 */

/** Change times are as coarse as the kernel's tick: what is younger than this when the listing begins counts as changed. */
const COARSE_MS = 2000
/** How many names are looked up in the snapshot at once, and how many are named at most. */
const ASKED_AT_ONCE = 20_000
const MOST_NAMED = 1000
const NUL = Buffer.from([0])

export interface Listing {
  /** How many things of each path there are to save in it, and how many there are. Paths that are files are not there. */
  counts: Map<string, { toSave: number; all: number }>
  /** Folders on which another file system is mounted that is left out. */
  mounts: string[]
  /** What was there and is not in the snapshot, by name, as `unsaved` of a copy. */
  missing(areSaved: (paths: readonly string[]) => Promise<ReadonlySet<string>>): Promise<string[]>
  close(): Promise<void>
}

export interface ListingOptions {
  signal: AbortSignal
  oneFileSystem: boolean
  /** Where the names are kept: some 30 bytes for each. It must not exist. */
  file: string
  /** Bytes written so far. */
  progress(bytes: number): void
}

/** Lists what a backup of these paths is to save. On rejection no file is left. */
export async function listPaths(paths: readonly string[], rules: Rules, options: ListingOptions): Promise<Listing> {
  const { file, signal } = options
  const begun = BigInt(systemClock.now().getTime() - COARSE_MS) * 1_000_000n
  const counts: Listing['counts'] = new Map()
  const mounts: string[] = []
  const close = () => rm(file, { force: true })
  const handle = await open(file, 'wx', 0o600)
  try {
    const write = recorder(handle, options.progress)
    for (const path of paths) {
      await write(Buffer.from(dirname(path)), 0n, 0n, [Buffer.from(path.slice(path.lastIndexOf('/') + 1))])
      const surveyed = { ...options, sizes: false, intoLeftOut: false }
      for await (const { folder, stats, entries, isMount } of survey(path, rules, surveyed)) {
        const names = entries.flatMap(({ name, because }) => (because === null ? [name] : []))
        const before = counts.get(path) ?? { toSave: 0, all: 0 }
        counts.set(path, { toSave: before.toSave + names.length, all: before.all + entries.length })
        if (isMount) mounts.push(printable(textOf(folder)))
        await write(folder, stats.ino, stats.ctimeNs, names)
      }
    }
    await write.end()
    await handle.close()
  } catch (error) {
    await handle.close().catch(() => {})
    await close()
    throw error
  }
  return { counts, mounts, missing: (areSaved) => missing(file, begun, signal, areSaved), close }
}

interface Recorded {
  folder: Buffer
  ino: bigint
  ctimeNs: bigint
  names: Buffer[]
}

/** Appends records: the folder, its inode number and change time, the names, an empty one; each ended by a NUL. */
function recorder(handle: FileHandle, progress: (bytes: number) => void) {
  const size = 1024 * 1024
  let waiting: Buffer[] = []
  let [waitingBytes, written] = [0, 0]
  const flush = async () => {
    const chunk = Buffer.concat(waiting)
    waiting = []
    waitingBytes = 0
    await handle.appendFile(chunk)
    written += chunk.length
    progress(written)
  }
  const write = async (folder: Buffer, ino: bigint, ctimeNs: bigint, names: Buffer[]) => {
    for (const field of [folder, Buffer.from(`${ino}`), Buffer.from(`${ctimeNs}`), ...names, Buffer.alloc(0)]) {
      waiting.push(field, NUL)
      waitingBytes += field.length + 1
    }
    if (waitingBytes >= size) await flush()
  }
  return Object.assign(write, { end: flush })
}

async function* recordsOf(file: string): AsyncGenerator<Recorded> {
  let fields: Buffer[] = []
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const bytes = Buffer.concat([rest, chunk as Buffer])
    let start = 0
    for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
      if (end > start || fields.length < 3) fields.push(bytes.subarray(start, end))
      else {
        const [folder, ino, ctimeNs, ...names] = fields as [Buffer, Buffer, Buffer, ...Buffer[]]
        yield { folder, ino: BigInt(`${ino}`), ctimeNs: BigInt(`${ctimeNs}`), names }
        fields = []
      }
      start = end + 1
    }
    rest = bytes.subarray(start)
  }
}

async function missing(
  file: string,
  begun: bigint,
  signal: AbortSignal,
  areSaved: (paths: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string[]> {
  const named = new Set<string>()
  let unnamed = 0
  let suspects: string[] = []
  const ask = async () => {
    if (suspects.length === 0) return
    const saved = await areSaved(suspects)
    // A folder comes before its content, which goes without saying.
    for (const path of suspects)
      if (!saved.has(path) && !hasParentIn(named, path)) {
        if (named.size < MOST_NAMED) named.add(path)
        else unnamed += 1
      }
    suspects = []
  }
  for await (const record of recordsOf(file)) {
    signal.throwIfAborted()
    if (await isUntouched(record, begun)) continue
    for (const name of await touchedIn(record, begun)) suspects.push(printable(textOf(joinBytes(record.folder, name))))
    if (suspects.length >= ASKED_AT_ONCE) await ask()
  }
  await ask()
  const names = [...named].sort()
  return unnamed === 0 ? names : [...names, `${unnamed} more`]
}

async function isUntouched({ folder, ino, ctimeNs }: Recorded, begun: bigint): Promise<boolean> {
  if (ctimeNs === 0n || ctimeNs >= begun) return false
  const now = await lstat(folder, { bigint: true }).catch(() => null)
  return now !== null && now.ino === ino && now.ctimeNs === ctimeNs
}

/** The names that are gone or have been touched: made, renamed, written. */
async function touchedIn({ folder, names }: Recorded, begun: bigint): Promise<Buffer[]> {
  const touched = await Promise.all(
    names.map(async (name) => {
      const stats = await lstat(joinBytes(folder, name), { bigint: true }).catch(() => null)
      return stats === null || stats.ctimeNs >= begun
    }),
  )
  return names.filter((_, i) => touched[i])
}

function hasParentIn(paths: ReadonlySet<string>, path: string): boolean {
  if (paths.size === 0) return false
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) if (paths.has(parent)) return true
  return false
}
