import { appendFile, lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
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

/** The lines of a file of JSON lines; one that was cut off in the writing is left out. */
export async function readLines(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8')
  return text.split('\n').flatMap((line) => {
    if (line === '') return []
    try {
      return [JSON.parse(line) as unknown]
    } catch {
      return []
    }
  })
}

/** Empty when there is none, or it is of another bucket. */
async function readIndex(path: string, head: string): Promise<Map<string, Line>> {
  const [first, ...lines] = await readLines(path).catch(() => [null])
  if (JSON.stringify(first) !== head) return new Map()
  return new Map((lines as Line[]).map((line) => [line.key, line]))
}

/** Changes whenever a file is replaced or written to; null when there is none. */
async function stampOf(path: string): Promise<string | null> {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  return stats?.isFile() ? `${stats.ino}-${stats.size}-${stats.ctimeNs}` : null
}

async function replaceFile(path: string, lines: readonly unknown[]): Promise<void> {
  await writeFile(`${path}.new`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })
  await rename(`${path}.new`, path)
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
