import { appendFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryContext } from '../conformance-context.ts'
import { openKept } from './kept.ts'
import { isForRclone, placesOf } from './objects.ts'
import { s3Settings } from './settings.ts'

const settings = s3Settings.parse({ accessKeyId: 'a', secretAccessKey: 's', bucket: 'uploads' })
const object = { key: 'a/b', bytes: 3, etag: 'e1', lastModified: '2026-01-02T03:04:05.000Z', storageClass: null }
const file = 'objects/a/b'

async function keptWith(folder: string) {
  const kept = await openKept(folder, settings)
  await writeFile(`${folder}/fetched`, 'abc')
  await kept.take(`${folder}/fetched`, { ...object, file, headers: { 'content-type': 'text/x' } })
  return kept
}

test('What was fetched is there for the next run, also when this one was broken off', async () => {
  await using run = await temporaryContext()
  const kept = await keptWith(run.dir)
  await kept.note()
  await appendFile(join(run.dir, 'index.ndjson'), '{"key":"cut o')
  const next = await openKept(run.dir, settings)
  expect(await next.find(object, file)).toEqual({ ...object, file, headers: { 'content-type': 'text/x' } })
  expect(await readFile(join(next.bucket, file), 'utf8')).toBe('abc')
})

test('What was taken and not noted is fetched again', async () => {
  await using run = await temporaryContext()
  await keptWith(run.dir)
  expect(await (await openKept(run.dir, settings)).find(object, file)).toBeNull()
})

test.each([
  ['etag', { etag: 'e2' }],
  ['size', { bytes: 4 }],
  ['time', { lastModified: '2026-01-02T03:04:06.000Z' }],
  ['etag, when the service gives none', { etag: '' }],
])('An object of another %s is fetched again', async (_, more) => {
  await using run = await temporaryContext()
  const kept = await keptWith(run.dir)
  expect(await kept.find(object, file)).not.toBeNull()
  expect(await kept.find({ ...object, ...more }, file)).toBeNull()
})

test('A file that was written to or replaced, even by one of the same size, is fetched again', async () => {
  for (const change of [
    (path: string) => writeFile(path, 'xyz'),
    async (path: string) => {
      await writeFile(`${path}.new`, 'abc')
      await rename(`${path}.new`, path)
    },
  ]) {
    await using run = await temporaryContext()
    const kept = await keptWith(run.dir)
    await change(join(kept.bucket, file))
    expect(await kept.find(object, file)).toBeNull()
  }
})

test('The index of another bucket counts for nothing', async () => {
  await using run = await temporaryContext()
  await (await keptWith(run.dir)).note()
  for (const more of [{ bucket: 'other' }, { prefix: 'a/' }, { endpoint: 'https://s3.example.org' }])
    expect(await (await openKept(run.dir, { ...settings, ...more })).find(object, file)).toBeNull()
})

test('Only the files that are named stay, and no empty folders', async () => {
  await using run = await temporaryContext()
  const kept = await keptWith(run.dir)
  await mkdir(join(kept.bucket, 'objects/stray/deep'), { recursive: true })
  await writeFile(join(kept.bucket, 'objects/stray/deep/file'), 'x')
  await kept.removeOthers(new Set([file]))
  expect((await readdir(kept.bucket, { recursive: true })).sort()).toEqual(['objects', 'objects/a', file])
})

test('A name that can be a path is one, every other object has a place of its own', () => {
  const keys = ['p/a', 'p/a/b', 'p/c', 'p//d', 'p/', 'p/e/', 'p/../f', 'p/g\n', `p/${'h'.repeat(256)}`, 'p/x/.', 'p/…']
  const places = placesOf(keys, 'p/')
  expect([...places].filter(([, place]) => place.startsWith('objects/'))).toEqual([
    ['p/a/b', 'objects/a/b'],
    ['p/c', 'objects/c'],
    ['p/…', 'objects/…'],
  ])
  expect(new Set(places.values()).size).toBe(keys.length)
  for (const place of places.values()) expect(place).toMatch(/^(objects\/[^/]|unusual\/[0-9a-f]{64}$)/)
  expect(keys.filter(isForRclone)).toEqual(['p/a', 'p/a/b', 'p/c', 'p/…'])
  expect(isForRclone('p/‛x')).toBe(false)
})
