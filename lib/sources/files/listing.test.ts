import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryContext } from '../conformance-context.ts'
import { listPaths } from './listing.ts'
import { rulesOf } from './rules.ts'
import { filesSettings } from './settings.ts'

const rules = rulesOf(filesSettings.parse({ paths: ['/'] }))
const options = (file: string) => ({
  signal: new AbortController().signal,
  oneFileSystem: true,
  file,
  progress: () => {},
})

test('Of a tree that nobody has touched nothing is asked for', async () => {
  await using run = await temporaryContext()
  const path = join(process.cwd(), 'node_modules', 'zod') // older than the test
  const listing = await listPaths([path], rules, options(join(run.dir, 'names')))
  const asked: string[] = []
  const missing = await listing.missing(async (paths) => {
    asked.push(...paths)
    return new Set(paths)
  })
  expect(listing.counts.get(path)?.toSave).toBeGreaterThan(100)
  expect({ missing, asked }).toEqual({ missing: [], asked: [] })
  await listing.close()
  expect(await readdir(run.dir)).toEqual([])
})

test('Of very many that are missing a thousand are named and the others counted', async () => {
  await using run = await temporaryContext()
  const root = join(run.dir, 'data')
  await mkdir(root)
  const names = Array.from({ length: 2345 }, (_, i) => String(i).padStart(4, '0'))
  for (const name of names) await writeFile(join(root, name), '')
  const listing = await listPaths([root], rules, options(join(run.dir, 'names')))
  expect(listing.counts.get(root)).toEqual({ toSave: 2345, all: 2345 })
  for (const name of names.slice(1)) await rm(join(root, name))
  const missing = await listing.missing(async () => new Set([root, join(root, '0000')]))
  expect(missing).toHaveLength(1001)
  expect(missing.at(-1)).toBe('1344 more')
  expect(missing).not.toContain(join(root, '0000'))
  await listing.close()
})
