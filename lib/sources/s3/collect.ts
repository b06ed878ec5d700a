import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { S3Client } from '../connections/s3-client.ts'
import { refusalError, S3Refusal } from '../connections/s3-errors.ts'
import { requireAnswer, type S3Object } from '../connections/s3-list.ts'
import type { DriverContext } from '../driver.ts'
import type { FoundProgram } from '../programs.ts'
import { scratchError } from '../scratch.ts'
import { etagIn, fetchObject, headersToKeep } from './fetch-object.ts'
import { type Kept, openKept, type SavedObject } from './kept.ts'
import { findObjects, isForRclone, placesOf } from './objects.ts'
import { inParallel } from './parallel.ts'
import { rcloneCopy } from './rclone.ts'
import type { S3Settings } from './settings.ts'

export interface Collected {
  /** The folder to save. */
  folder: string
  saved: SavedObject[]
  /** Objects that are in the bucket and not in the folder, with the reason. */
  failed: { key: string; reason: string }[]
}

interface Wanted {
  object: S3Object
  file: string
}

const AT_ONCE = 16
/** How much is fetched before it is written down as fetched. */
const BATCH = { objects: 2000, bytes: 4 * 1024 ** 3 }

/**
 * Brings the kept folder to the state of the bucket: what is listed with another etag, size or time than the file was fetched
 * for is fetched, what is no longer listed is removed. Every object of the list ends in `saved` or in `failed`, unless it was
 * deleted meanwhile.
 */
export async function collect(
  client: S3Client,
  settings: S3Settings,
  program: FoundProgram,
  ctx: DriverContext,
): Promise<Collected> {
  const { objects, unreadableKeys } = await findObjects(client, settings)
  const places = placesOf(objects.keys(), settings.prefix)
  const kept = await openKept(ctx.kept, settings)
  const saved: SavedObject[] = []
  const wanted: Wanted[] = []
  await inParallel(objects.values(), AT_ONCE, async (object) => {
    const file = places.get(object.key) as string
    const found = await kept.find(object, file)
    if (found) saved.push(found)
    else wanted.push({ object, file })
  })
  await kept.removeOthers(new Set(saved.map(({ file }) => file)))
  ctx.log('info', `${objects.size} objects, ${wanted.length} of them new or changed`)
  await requireSpace(wanted, ctx)

  const failed = unreadableKeys.map((key) => ({ key, reason: 'its name is not UTF-8' }))
  const incoming = join(ctx.scratch, `incoming-${randomUUID()}`)
  let total = 0
  const moved = (bytes: number) => {
    total += bytes
    ctx.progress(total)
  }
  const fetching: Fetching = { client, settings, program, ctx, kept, incoming, saved, failed, moved }
  try {
    for (const batch of batchesOf(wanted)) await fetchBatch(batch, fetching)
  } catch (thrown) {
    throw scratchError(thrown, ctx)
  } finally {
    await rm(incoming, { recursive: true, force: true })
  }
  ctx.signal.throwIfAborted()
  if (failed.length > 0 && saved.length === 0) throw nothingCame(settings, failed)
  await kept.finish(saved)
  return { folder: kept.bucket, saved, failed }
}

interface Fetching {
  client: S3Client
  settings: S3Settings
  program: FoundProgram
  ctx: DriverContext
  kept: Kept
  /** Where files are until they are whole. */
  incoming: string
  saved: SavedObject[]
  failed: Collected['failed']
  /** Bytes that came since the last call. */
  moved(bytes: number): void
}

/** rclone fetches most; the objects it cannot name, and those that it did not bring as they were listed, come singly. */
async function fetchBatch(batch: readonly Wanted[], f: Fetching): Promise<void> {
  const isPlain = ({ object, file }: Wanted) => file.startsWith('objects/') && isForRclone(object.key)
  const names = batch.filter(isPlain).map(({ object }) => object.key)
  await mkdir(f.incoming, { recursive: true, mode: 0o700 })
  let bytesByRclone = 0
  const watch = {
    onBytes: (bytes: number) => {
      f.moved(bytes - bytesByRclone)
      bytesByRclone = bytes
    },
    isServing: () => requireAnswer(f.client, f.settings.bucket),
  }
  if (names.length > 0)
    await rcloneCopy(f.program, f.settings, { from: 'bucket', folder: f.incoming, names }, f.ctx, watch)
  const named = new Set(names)
  await inParallel(batch, AT_ONCE, async (one) => {
    f.ctx.signal.throwIfAborted()
    const brought = named.has(one.object.key) && (await takeBrought(one, f))
    if (!brought) await fetchSingly(one, f)
  })
  await f.kept.note()
  await rm(f.incoming, { recursive: true, force: true })
}

/**
 * Takes what rclone brought when it is of the listed size and the object still has the listed etag: then no other version
 * can have come in between.
 */
async function takeBrought({ object, file }: Wanted, f: Fetching): Promise<boolean> {
  const path = join(f.incoming, object.key)
  if ((await stat(path).catch(() => null))?.size !== object.bytes) return false
  try {
    const { headers } = await f.client.send({ method: 'HEAD', bucket: f.settings.bucket, key: object.key })
    if (object.etag === '' || etagIn(headers) !== object.etag) return false
    await take(path, { ...object, file, headers: headersToKeep(headers) }, f)
    return true
  } catch (thrown) {
    if (thrown instanceof S3Refusal) return false // its words come with the attempt to fetch it singly
    throw thrown
  }
}

async function fetchSingly({ object, file }: Wanted, f: Fetching): Promise<void> {
  const path = join(f.incoming, `single-${randomUUID()}`)
  try {
    const { object: fetched, headers } = await fetchObject(f, object, path)
    await take(path, { ...fetched, file, headers }, f)
  } catch (thrown) {
    f.ctx.signal.throwIfAborted()
    if (thrown instanceof CodedError || typeof (thrown as { syscall?: unknown }).syscall === 'string') throw thrown
    if (thrown instanceof S3Refusal && thrown.code === 'NoSuchKey')
      f.ctx.log('info', `${object.key} was deleted meanwhile`)
    else
      f.failed.push({ key: object.key, reason: thrown instanceof S3Refusal ? thrown.code : (thrown as Error).message })
  }
}

async function take(path: string, object: SavedObject, f: Fetching): Promise<void> {
  await chmod(path, 0o600)
  await f.kept.take(path, object)
  f.saved.push(object)
}

function* batchesOf(wanted: readonly Wanted[]): Generator<Wanted[]> {
  let batch: Wanted[] = []
  let bytes = 0
  for (const one of wanted) {
    batch.push(one)
    bytes += one.object.bytes
    if (batch.length < BATCH.objects && bytes < BATCH.bytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

async function requireSpace(wanted: readonly Wanted[], ctx: DriverContext): Promise<void> {
  const needed = wanted.reduce((sum, { object }) => sum + object.bytes, 0)
  const { bavail, bsize } = await statfs(ctx.scratch)
  if (needed > bavail * bsize) throw new CodedError('SCRATCH_FULL', { folder: ctx.scratch })
}

/** One that may not be read is named; that none may be read is a right that is missing. */
function nothingCame(settings: S3Settings, failed: Collected['failed']): CodedError {
  const [first] = failed as [Collected['failed'][number]]
  if (failed.every(({ reason }) => reason === 'AccessDenied'))
    return refusalError(new S3Refusal(403, first.reason, first.reason), settings, {
      bucket: settings.bucket,
      right: `s3:GetObject on ${settings.bucket}/${settings.prefix}*`,
    })
  const reason = `none of ${failed.length} objects could be read; ${first.key}: ${first.reason}`
  return new CodedError('SOURCE_DUMP_FAILED', { tool: 'rclone', exit: 'exit 0', reason })
}
