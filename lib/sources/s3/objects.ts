import { createHash } from 'node:crypto'
import type { S3Client } from '../connections/s3-client.ts'
import { listObjects, type S3Object } from '../connections/s3-list.ts'
import { matcher } from './patterns.ts'
import type { S3Settings } from './settings.ts'

export interface FoundObjects {
  /** By key, without what the settings leave out. */
  objects: Map<string, S3Object>
  /** Percent-encoded keys that are not UTF-8. */
  unreadableKeys: string[]
}

/** Everything that a source's settings name, as the bucket lists it now. */
export async function findObjects(client: S3Client, settings: S3Settings): Promise<FoundObjects> {
  const leavesOut = matcher(settings.exclude)
  const found: FoundObjects = { objects: new Map(), unreadableKeys: [] }
  for await (const page of listObjects(client, settings, settings.bucket, settings.prefix)) {
    for (const object of page.objects)
      if (leavesOut(object.key.slice(settings.prefix.length)) === null) found.objects.set(object.key, object)
    found.unreadableKeys.push(...page.unreadableKeys)
  }
  return found
}

/**
 * Where each object's file lies, by key: `objects/<key below the prefix>` when that can be the path of a file beside all
 * others, else `unusual/<SHA-256 of the key>`: names with empty parts, dots, control characters or too long ones, folders'
 * markers such as `photos/`, and `a` where there is `a/b`.
 */
export function placesOf(keys: Iterable<string>, prefix: string): Map<string, string> {
  const names = new Map([...keys].map((key) => [key, key.slice(prefix.length)]))
  const folders = new Set<string>()
  for (const name of names.values()) {
    if (!isPath(name)) continue
    for (
      let end = name.lastIndexOf('/');
      end > 0 && !folders.has(name.slice(0, end));
      end = name.lastIndexOf('/', end - 1)
    )
      folders.add(name.slice(0, end))
  }
  const places = new Map<string, string>()
  for (const [key, name] of names)
    places.set(key, isPath(name) && !folders.has(name) ? `objects/${name}` : `unusual/${sha256(key)}`)
  return places
}

/** Whether rclone can be asked for the object and gives it the same name. It takes U+201B as its sign for a quoted character. */
export function isForRclone(key: string): boolean {
  return isPath(key) && !key.includes('\u201b')
}

const NAME_BYTES = 255

function isPath(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f]/.test(name)) return false
  return name
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= NAME_BYTES)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
