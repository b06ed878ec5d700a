import { execFileSync } from 'node:child_process'
import { access, chmod, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupPaths } from '#lib/restic/backup.ts'
import { savedPaths } from '#lib/restic/list-files.ts'
import { type Bench, openBench, request } from '#lib/restic/testing/bench.ts'
import { temporaryContext } from '../conformance-context.ts'
import type { DriverContext } from '../driver.ts'
import { filesDriver } from './driver.ts'

/*
 * What cannot be saved is listed by name. A wrapper around restic changes the tree at the worst moment: between restic's
 * listing of a folder and its opening of the files.
 */
const signal = new AbortController().signal
let bench: Bench

beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.remove())

async function makeFiles(root: string, ...names: string[]) {
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), name)
  }
}

/** A run of the source as a worker makes it, with `fault` done when restic is started. Answers what was not saved. */
async function run(raw: object, context: DriverContext, fault: () => Promise<void>, restic = bench.restic) {
  const copy = await filesDriver.open(filesDriver.settings.parse(raw), context)
  if (copy.shape !== 'paths') throw new Error('a source of files is a list of paths')
  try {
    await fault()
    const { snapshotId, unreadable, partial } = await backupPaths(restic, bench.access, { ...request(), ...copy })
    const calls: string[][] = []
    const unsaved = await copy.unsaved?.((paths) => {
      calls.push([...paths])
      return savedPaths(bench.restic, bench.access, snapshotId, paths, signal)
    })
    return { unsaved, unreadable, partial, asked: calls.flat() }
  } finally {
    await copy.close()
  }
}

test('What vanishes after the run began is listed by name, whatever its name, and a folder without its content', async () => {
  await using place = await temporaryContext()
  const root = join(place.dir, 'data')
  await makeFiles(root, 'stays', 'sub/stays', 'gone', 'sub/new\nline', 'old/a', 'old/b/c', 'replaced/x')
  await symlink('nowhere', join(root, 'link'))
  const bytes = Buffer.concat([Buffer.from(`${root}/sub/bytes `), Buffer.from([0xe2, 0x98, 0xff])])
  await writeFile(bytes, '')
  const { unsaved } = await run({ paths: [root] }, place.context, async () => {
    for (const name of ['gone', 'sub/new\nline', 'old', 'link', 'replaced'])
      await rm(join(root, name), { recursive: true })
    await rm(bytes)
    await makeFiles(root, 'replaced', 'added')
  })
  const expected = ['gone', 'link', 'old', 'replaced/x', 'sub/new\nline', 'sub/bytes ���']
  expect(unsaved?.sort()).toEqual(expected.map((name) => join(root, name)).sort())
})

test('Nothing is listed when all was saved, also from folders whose names are not UTF-8', async () => {
  await using place = await temporaryContext()
  const root = join(place.dir, 'data')
  await makeFiles(root, 'a', 'sub/b')
  const folder = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xe2, 0x98, 0xff])])
  await mkdir(folder)
  await writeFile(Buffer.concat([folder, Buffer.from('/in')]), '')
  const { unsaved, asked } = await run({ paths: [root, '/'.concat(root, '/a')] }, place.context, async () => {
    await writeFile(join(root, 'a'), 'written to')
  })
  expect(unsaved).toEqual([])
  expect(asked.length).toBeGreaterThan(0)
})

/**
 * A restic that does `fault` (bash) when it has saved the file whose name ends in /first, and goes on afterwards: it tells every
 * file that it has saved, and cannot get further ahead than a pipe's buffer. It does not scan the tree beforehand, which would
 * name some vanished files by chance.
 */
async function resticWith(folder: string, fault: string) {
  const binary = join(folder, 'restic')
  const lines = [
    '#!/bin/bash',
    'set -o pipefail',
    `[ "$1" = backup ] || exec '${bench.restic.binary}' "$@"`,
    `'${bench.restic.binary}' backup --no-scan --verbose=2 "\${@:2}" | while IFS= read -r line; do`,
    `  case "$line" in *'/first"'*) ${fault} && touch '${binary}.fired' ;; esac`,
    '  printf "%s\\n" "$line"',
    'done',
  ]
  await writeFile(binary, `${lines.join('\n')}\n`, { mode: 0o755 })
  return { restic: { ...bench.restic, binary }, hasFired: () => exists(`${binary}.fired`) }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

test('A file that vanishes between restic’s listing of its folder and its turn is listed by name', async () => {
  await using place = await temporaryContext()
  const root = join(place.dir, 'data')
  const many = Array.from({ length: 2000 }, (_, i) => `many/${String(i).padStart(4, '0')}`)
  await makeFiles(root, 'first', ...many, 'zz/last')
  const removed = many.slice(-3).map((name) => join(root, name))
  const { restic, hasFired } = await resticWith(place.dir, `rm ${removed.join(' ')}`)
  const { unsaved, partial } = await run({ paths: [root] }, place.context, async () => {}, restic)
  expect(await hasFired()).toBe(true)
  expect(partial).toBe(false) // restic itself says nothing
  expect(unsaved).toEqual(removed)
})

test('A file that grows while it is read is saved as far as it was read', async () => {
  await using place = await temporaryContext()
  const [root, done] = [join(place.dir, 'data'), join(place.dir, 'done')]
  await makeFiles(root, 'first', 'zz/last')
  const growing = join(root, 'growing')
  await writeFile(growing, Buffer.alloc(64 * 1024 * 1024, 'grows '))
  const fault = `( while [ ! -e '${done}' ] && echo more >> '${growing}'; do :; done ) > /dev/null 2>&1 & true`
  const { restic, hasFired } = await resticWith(place.dir, fault)
  const size = async () => (await stat(growing)).size
  const before = await size()
  const result = await run({ paths: [root] }, place.context, async () => {}, restic).finally(() => writeFile(done, ''))
  expect(await hasFired()).toBe(true)
  expect(await size()).toBeGreaterThan(before)
  expect(result).toMatchObject({ partial: false, unreadable: [], unsaved: [] })
})

test.skipIf(process.getuid?.() !== 0 && process.env.CI !== 'true')(
  'Files and folders without rights, from the start or from the middle on, are listed by name (needs root to change user)',
  async () => {
    await using place = await temporaryContext()
    const root = join(place.dir, 'data')
    const many = Array.from({ length: 2000 }, (_, i) => `many/${i}`)
    await makeFiles(root, 'first', 'secret', 'shut/in', 'open/in', ...many, 'zz/in')
    for (const name of ['secret', 'shut']) await chmod(join(root, name), 0)
    const nobody = { uid: 65534, gid: 65534 }
    const own = (folder: string) => execFileSync('chown', ['-R', '65534:65534', folder])
    const { restic, hasFired } = await resticWith(place.dir, `chmod 0 '${join(root, 'zz')}'`)
    for (const folder of [place.dir, join(place.dir, '..'), bench.folder]) await chmod(folder, 0o755)
    own(place.dir)
    own(bench.folder)
    const { unreadable, partial } = await run({ paths: [root] }, place.context, async () => {}, {
      ...restic,
      ...nobody,
    })
    expect(await hasFired()).toBe(true)
    expect(partial).toBe(true)
    expect(unreadable.sort()).toEqual(['secret', 'shut', 'zz'].map((name) => join(root, name)))
  },
)
