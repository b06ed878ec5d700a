import { monotonicMs } from '#lib/clock/now.ts'
import type { S3Client } from '../connections/s3-client.ts'
import { refusalError, S3Refusal } from '../connections/s3-errors.ts'
import { listObjects, type S3Object } from '../connections/s3-list.ts'
import type { DriverContext, SourcePreview, SourceProbe } from '../driver.ts'
import { matcher } from './patterns.ts'
import { findRclone } from './rclone.ts'
import type { S3Settings } from './settings.ts'

const LOOKING_MS = 5000
const EXAMPLES = 20
/** Cannot be read before somebody has them restored. */
const ARCHIVED = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** Lists for some seconds, and reads a byte of a few objects. */
export async function probeBucket(client: S3Client, settings: S3Settings, ctx: DriverContext): Promise<SourceProbe> {
  const { taken, objects, complete, unreadableKeys } = await look(client, settings)
  await requireReadable(client, settings, objects)
  const program = await findRclone(ctx)
  const archived = objects.filter(({ storageClass }) => ARCHIVED.has(storageClass ?? '')).length
  const warnings = []
  if (archived > 0) warnings.push(`${archived} objects are archived and cannot be read: they will be missing.`)
  if (unreadableKeys > 0)
    warnings.push(`${unreadableKeys} objects have names that are not UTF-8: they will be missing.`)
  const count = `${complete ? '' : 'more than '}${taken.files} objects`
  return {
    summary: `Bucket ${settings.bucket}, ${count}, rclone ${program.version}`,
    bytes: complete ? taken.bytes : null,
    tool: { name: 'rclone', version: program.version },
    warnings,
  }
}

export async function previewBucket(client: S3Client, settings: S3Settings): Promise<SourcePreview> {
  const { taken, leftOut, complete } = await look(client, settings)
  return { taken, leftOut, complete }
}

interface Look extends SourcePreview {
  /** Those of the first page. */
  objects: S3Object[]
  unreadableKeys: number
}

async function look(client: S3Client, settings: S3Settings): Promise<Look> {
  const leavesOut = matcher(settings.exclude)
  const taken: SourcePreview['taken'] = { files: 0, bytes: 0, examples: [] }
  const leftOut: SourcePreview['leftOut'] = { files: 0, bytes: 0, examples: [] }
  const seen: Look = { taken, leftOut, complete: false, objects: [], unreadableKeys: 0 }
  const deadline = monotonicMs() + LOOKING_MS
  let pages = 0
  for await (const page of listObjects(client, settings, settings.bucket, settings.prefix)) {
    if (pages > 0 && monotonicMs() > deadline) return seen
    for (const object of page.objects) {
      const because = leavesOut(object.key.slice(settings.prefix.length))
      const side = because === null ? taken : leftOut
      side.files += 1
      side.bytes += object.bytes
      if (because === null && pages === 0) seen.objects.push(object)
      if (because === null && taken.examples.length < EXAMPLES) taken.examples.push(object.key)
      if (because !== null && leftOut.examples.length < EXAMPLES) leftOut.examples.push({ path: object.key, because })
    }
    seen.unreadableKeys += page.unreadableKeys.length
    pages += 1
  }
  return { ...seen, complete: true }
}

/** Reads a byte of the first, the middle and the last object. That all are refused is a right that is missing. */
async function requireReadable(client: S3Client, settings: S3Settings, objects: readonly S3Object[]): Promise<void> {
  const live = objects.filter(({ bytes, storageClass }) => bytes > 0 && !ARCHIVED.has(storageClass ?? ''))
  const few = new Set([live[0], live[Math.floor(live.length / 2)], live.at(-1)].filter((one) => one !== undefined))
  let refusal: S3Refusal | undefined
  for (const { key } of few)
    try {
      const answer = await client.stream({ bucket: settings.bucket, key, headers: { range: 'bytes=0-0' } })
      answer.destroy()
      return
    } catch (thrown) {
      if (!(thrown instanceof S3Refusal)) throw thrown
      if (thrown.status === 404) return // deleted meanwhile: the next would not tell more
      refusal = thrown
    }
  if (refusal === undefined) return
  const right = `s3:GetObject on ${settings.bucket}/${settings.prefix}*`
  throw refusalError(refusal, settings, { bucket: settings.bucket, right })
}
