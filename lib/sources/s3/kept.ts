import { createReadStream } from 'node:fs'
import { appendFile, lstat, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Object } from '../connections/s3-list.ts'
import type { S3Settings } from './settings.ts'

/** One object that is saved, as the inventory in the snapshot tells it. */
export interface SavedObject extends S3Object {
  /** Below the folder of the inventory. */
  file: string
  /** What the service sent with it: content-type, cache-control, x-amz-meta-…, in lower case. */
  headers: Record<string, string>
}

/**
 * The folder that stays between runs:
 *
 *   index.ndjson              what is there, one line per object, with the stamp of its file; ours alone
 *   bucket/inventory.ndjson   what is saved, sorted by key; the first line says of which bucket
 *   bucket/objects/…          the objects under their names
 *   bucket/unusual/…          those whose names cannot be paths, by the SHA-256 of the key
 *
 * A file gets there by being renamed, whole, and its line is written afterwards. A line counts only as long as the file is
 * the very one that it was written for (inode, size, time of change), so that neither a crash nor a second worker nor a
 * hand in the folder can pass for an object that was fetched.
 */
export interface Kept {
  /** What restic saves. */
  bucket: string
  /** The file's place if the object, as it is listed now, is there already. */
  find(object: S3Object, file: string): Promise<SavedObject | null>
  /** Takes a file that was fetched, by renaming it. */
  take(from: string, object: SavedObject): Promise<void>
  /** Writes down what was taken so far: a later run need not fetch it again. */
  note(): Promise<void>
  /** Removes every file but these. */
  removeOthers(files: ReadonlySet<string>): Promise<void>
  /** Writes the inventory, and the index anew. */
  finish(objects: readonly SavedObject[]): Promise<void>
}

interface Line extends SavedObject {
  stamp: string
}

export interface InventoryHead {
  bucket: string
  prefix: string
}

export const INVENTORY = 'inventory.ndjson'

export async function openKept(folder: string, settings: S3Settings): Promise<Kept> {
  const bucket = join(folder, 'bucket')
  const index = join(folder, 'index.ndjson')
  for (const path of [folder, bucket]) await mkdir(path, { recursive: true, mode: 0o700 })
  const head: InventoryHead = { bucket: settings.bucket, prefix: settings.prefix }
  const indexHead = JSON.stringify({ endpoint: settings.endpoint, region: settings.region, ...head })
  const lines = await readIndex(index, indexHead)
  let unwritten: Line[] = []
  if (lines.size === 0) await writeFile(index, `${indexHead}\n`, { mode: 0o600 })
  return {
    bucket,
    async find(object, file) {
      const line = lines.get(object.key)
      const isSame =
        line !== undefined &&
        line.etag !== '' &&
        line.etag === object.etag &&
        line.bytes === object.bytes &&
        line.lastModified === object.lastModified &&
        line.file === file
      if (!isSame || line.stamp !== (await stampOf(join(bucket, file)))) return null
      const { stamp: _, ...saved } = line
      return { ...saved, storageClass: object.storageClass }
    },
    async take(from, object) {
      const to = join(bucket, object.file)
      await mkdir(join(to, '..'), { recursive: true, mode: 0o700 })
      await rename(from, to)
      const line = { ...object, stamp: (await stampOf(to)) ?? '' }
      lines.set(object.key, line)
      unwritten.push(line)
    },
    async note() {
      const text = unwritten.map((line) => `${JSON.stringify(line)}\n`).join('')
      unwritten = []
      await appendFile(index, text)
    },
    removeOthers: async (files) => {
      await removeBelow(bucket, '', files)
    },
    async finish(objects) {
      const sorted = objects.toSorted((a, b) => (a.key < b.key ? -1 : 1))
      await replaceFile(join(bucket, INVENTORY), [head, ...sorted])
      const kept = sorted.flatMap((object) => lines.get(object.key) ?? [])
      await replaceFile(index, [JSON.parse(indexHead), ...kept])
    },
  }
}

/** The lines of a file, one after the other: an inventory may be longer than a text can be. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Empty when there is none, or it is of another bucket. A line that was cut off in the writing is left out. */
async function readIndex(path: string, head: string): Promise<Map<string, Line>> {
  const index = new Map<string, Line>()
  if ((await lstat(path).catch(() => null)) === null) return index
  let first: string | undefined
  for await (const text of linesOf(path)) {
    first ??= text
    if (first !== head) return new Map()
    if (text === head) continue
    try {
      const line = JSON.parse(text) as Line
      index.set(line.key, line)
    } catch {}
  }
  return index
}

/** Changes whenever a file is replaced or written to; null when there is none. */
async function stampOf(path: string): Promise<string | null> {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  return stats?.isFile() ? `${stats.ino}-${stats.size}-${stats.ctimeNs}` : null
}

async function replaceFile(path: string, lines: Iterable<unknown>): Promise<void> {
  await writeFile(`${path}.new`, inPieces(lines), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

const LINES_AT_ONCE = 1000

function* inPieces(lines: Iterable<unknown>): Generator<string> {
  let piece: string[] = []
  for (const line of lines) {
    if (piece.push(`${JSON.stringify(line)}\n`) < LINES_AT_ONCE) continue
    yield piece.join('')
    piece = []
  }
  yield piece.join('')
}

/** Answers whether the folder is still needed. */
async function removeBelow(root: string, relative: string, files: ReadonlySet<string>): Promise<boolean> {
  let needed = false
  for (const entry of await readdir(join(root, relative), { withFileTypes: true })) {
    const path = relative === '' ? entry.name : `${relative}/${entry.name}`
    if (entry.isDirectory()) {
      if (await removeBelow(root, path, files)) needed = true
      else await rmdir(join(root, path))
    } else if (files.has(path)) needed = true
    else await rm(join(root, path))
  }
  return needed
}
