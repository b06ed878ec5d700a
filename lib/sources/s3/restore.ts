import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { openS3, type S3Client } from '../connections/s3-client.ts'
import { refusalError, S3Refusal } from '../connections/s3-errors.ts'
import { listObjects, requireAnswer } from '../connections/s3-list.ts'
import { percentEncode } from '../connections/s3-sign.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { requireInside } from '../storage-roots.ts'
import { headersToKeep } from './fetch-object.ts'
import { INVENTORY, linesOf } from './kept.ts'
import { isForRclone } from './objects.ts'
import { inParallel } from './parallel.ts'
import { findRclone, rcloneCopy } from './rclone.ts'
import type { S3Settings } from './settings.ts'

const row = z.object({
  key: z.string(),
  file: z.string().regex(/^(objects|unusual)\/[^\0]+$/),
  bytes: z.int().nonnegative(),
  headers: z.record(z.string(), z.string()),
})
type Row = z.infer<typeof row>

interface Restored {
  /** Where the inventory is. */
  folder: string
  /** Of the bucket that was saved. */
  prefix: string
  rows: Row[]
  bytes: number
}

const AT_ONCE = 16
const TIME_HEADER = 'x-amz-meta-mtime'
/** S3 takes no larger object in one request, and copies none. */
const SINGLE_LIMIT = 5 * 1024 ** 3

/** Into the bucket below the prefix that the settings name, where nothing may be; or below `target` as it lies in the snapshot. */
export async function restoreObjects(
  settings: S3Settings,
  folder: string,
  ctx: DriverContext,
  target?: string,
): Promise<RestoreReceipt> {
  const restored = await readRestored(folder)
  if (target === undefined) await putAll(restored, settings, ctx)
  else await layOut(restored, target, ctx)
  const where = target ?? `${settings.bucket}/${settings.prefix}`
  const files = restored.rows.length
  return {
    summary: `${files} objects restored to ${where}`,
    inventory: { tables: null, files, bytes: restored.bytes },
  }
}

/** Finds the inventory and checks that every object in it has its file. The snapshot's path is that of the worker of its time. */
async function readRestored(folder: string): Promise<Restored> {
  const wrong = (reason: string) => new CodedError('RESTORE_CONTENT_WRONG', { what: 'the bucket', reason })
  let root = folder
  for (;;) {
    const entries = await readdir(root, { withFileTypes: true })
    if (entries.some((entry) => entry.name === INVENTORY)) break
    const [only, ...others] = entries
    if (!only?.isDirectory() || others.length > 0) throw wrong('there is no inventory')
    root = join(root, only.name)
  }
  let head: { prefix: string } | undefined
  const rows: Row[] = []
  try {
    for await (const line of linesOf(join(root, INVENTORY)))
      if (head === undefined) head = z.object({ prefix: z.string() }).parse(JSON.parse(line))
      else rows.push(row.parse(JSON.parse(line)))
  } catch {
    throw wrong('its inventory is damaged')
  }
  const prefix = head?.prefix
  if (prefix === undefined) throw wrong('its inventory is empty')
  await inParallel(rows, AT_ONCE, async ({ key, file, bytes }) => {
    if (file.split('/').includes('..') || !key.startsWith(prefix)) throw wrong('its inventory is damaged')
    const stats = await stat(join(root, file)).catch(() => null)
    if (!stats?.isFile() || stats.size !== bytes) throw wrong(`${key} is missing or has another size`)
  })
  return { folder: root, prefix, rows, bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) }
}

async function layOut(restored: Restored, target: string, ctx: DriverContext): Promise<void> {
  await requireInside(target, [...ctx.storageRoots, ctx.scratch])
  const holds = await readdir(target).catch(() => [])
  if (holds.length > 0) throw new CodedError('RESTORE_TARGET_NOT_EMPTY', { target, holds: holds.slice(0, 3) })
  await mkdir(target, { recursive: true })
  await cp(restored.folder, target, { recursive: true, preserveTimestamps: true })
}

async function putAll(restored: Restored, settings: S3Settings, ctx: DriverContext): Promise<void> {
  const program = await findRclone(ctx)
  const client = await openS3(settings, ctx.signal)
  const where = `${settings.bucket}/${settings.prefix}`
  try {
    for await (const { objects } of listObjects(client, settings, settings.bucket, settings.prefix, 3))
      if (objects.length > 0)
        throw new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: where, holds: objects.map(({ key }) => key) })
    const puts = restored.rows.map((row): Put => {
      const key = settings.prefix + row.key.slice(restored.prefix.length)
      return { ...row, key, name: row.file.startsWith('objects/') ? row.file.slice('objects/'.length) : null }
    })
    const putting: Putting = { client, settings, folder: restored.folder, ctx }
    try {
      const isNameable = settings.prefix === '' || isForRclone(settings.prefix.slice(0, -1))
      const names = puts.flatMap(({ name }) => (isNameable && name !== null && isForRclone(name) ? [name] : []))
      const from = { from: 'folder', folder: join(restored.folder, 'objects'), names } as const
      if (names.length > 0) {
        const isServing = () => requireAnswer(client, settings.bucket)
        await rcloneCopy(program, settings, from, ctx, { onBytes: ctx.progress, isServing })
      }
      await inParallel(puts, AT_ONCE, (put) => complete(put, putting))
    } catch (thrown) {
      ctx.signal.throwIfAborted()
      await removeAll(puts, putting)
      throw failure(thrown, settings)
    }
  } finally {
    client.close()
  }
}

interface Put extends Row {
  /** Below `objects`; null when it is not there. */
  name: string | null
}

interface Putting {
  client: S3Client
  settings: S3Settings
  folder: string
  ctx: DriverContext
}

/** Sees whether rclone put the object there, puts it when not, and gives it back the headers that rclone does not know. */
async function complete(put: Put, p: Putting): Promise<void> {
  const at = { bucket: p.settings.bucket, key: put.key }
  const there = await p.client.send({ ...at, method: 'HEAD' }).catch((thrown: unknown) => {
    if (thrown instanceof S3Refusal && thrown.status === 404) return null
    throw thrown
  })
  if (there === null || Number(there.headers['content-length']) !== put.bytes) return putSingly(put, p)
  const found = headersToKeep(there.headers)
  const time = found[TIME_HEADER] // rclone keeps the time of the last change in it
  const headers = { ...(time === undefined ? {} : { [TIME_HEADER]: time }), ...put.headers }
  if (sameHeaders(headers, found)) return
  if (put.bytes > SINGLE_LIMIT) {
    p.ctx.log('warning', `${put.key} is larger than 5 GiB: its content type and metadata were not put back`)
    return
  }
  const source = `/${at.bucket}/${put.key.split('/').map(percentEncode).join('/')}`
  const copy = { 'x-amz-copy-source': source, 'x-amz-metadata-directive': 'REPLACE' }
  const { text } = await p.client.send({ ...at, method: 'PUT', headers: { ...headers, ...copy } })
  if (!text.includes('CopyObjectResult')) throw new Error(`the metadata of ${put.key} could not be put back`)
}

async function putSingly(put: Put, p: Putting): Promise<void> {
  if (put.bytes > SINGLE_LIMIT) throw new Error(`${put.key} is larger than 5 GiB and did not arrive`)
  const path = join(p.folder, put.file)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  const body = { length: put.bytes, sha256: hash.digest('hex'), stream: () => createReadStream(path) }
  await p.client.send({ method: 'PUT', bucket: p.settings.bucket, key: put.key, headers: put.headers, body })
}

/** Nothing was there before. What cannot be removed is left. */
async function removeAll(puts: readonly Put[], p: Putting): Promise<void> {
  await inParallel(puts, AT_ONCE, async ({ key }) => {
    await p.client.send({ method: 'DELETE', bucket: p.settings.bucket, key }).catch(() => {})
  })
}

function failure(thrown: unknown, settings: S3Settings): unknown {
  if (isCoded(thrown, 'SOURCE_DUMP_FAILED')) return new CodedError('RESTORE_TOOL_FAILED', thrown.details)
  if (thrown instanceof CodedError) return thrown
  if (thrown instanceof S3Refusal)
    return refusalError(thrown, settings, { bucket: settings.bucket, right: `s3:PutObject on ${settings.bucket}` })
  const reason = (thrown as Error).message
  return new CodedError('RESTORE_TOOL_FAILED', { tool: 'rclone', exit: 'exit 0', reason }, { cause: thrown })
}

function sameHeaders(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => a[name] === b[name])
}
