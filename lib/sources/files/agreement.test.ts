import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backupPaths } from '#lib/restic/backup.ts'
import { type Bench, openBench, request } from '#lib/restic/testing/bench.ts'
import { printable, textOf } from './names.ts'
import { rulesOf } from './rules.ts'
import { filesSettings } from './settings.ts'
import { survey } from './survey.ts'

/*
 * What our reading of the rules takes is compared with what restic itself saves of the same tree. Each row is one source.
 */
const signal = new AbortController().signal
let bench: Bench
let home: string
let root: string

beforeAll(async () => {
  bench = await openBench()
  home = await realpath(await mkdtemp(join(tmpdir(), 'agreement-')))
  root = join(home, 'data')
  const files = [
    ...['top.log', 'top.txt', 'sp ace.txt', '-rf', 'a[1].txt', 'back\\slash', 'größe.txt', '☂.txt', '!bang', '#hash'],
    ...['sub/app.log', 'sub/app.txt', 'sub/deep/er/app.log', 'sub/deep/er/x.tmp', 'sub/deep/y.tmp', 'sub/$HOME/z'],
    ...['cache/one', 'cache/two/three', 'notcache/cache', 'x/cache/y/z', 'a/b', 'x/a/b/c', 'x/a/q/b', 'new\nline'],
    ...['marked/.nobackup', 'marked/file', 'marked/in/file', 'twice/.nobackup', 'twice/.skip', 'twice/f'],
    ...[
      'tagged/CACHEDIR.TAG',
      'tagged/c',
      'untagged/CACHEDIR.TAG',
      'untagged/c',
      'A.LOG',
      'x1',
      'x2',
      'x-',
      'xé',
      'x^',
    ],
  ]
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), file)
  }
  await mkdir(join(root, 'nothing'))
  await symlink('top.log', join(root, 'link.log'))
  await truncate(join(root, 'x1'), 1024 * 1024 + 1)
  await truncate(join(root, 'x2'), 1024 * 1024)
  await writeFile(join(root, 'tagged', 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# ours')
  await writeFile(Buffer.concat([Buffer.from(`${root}/bytes `), Buffer.from([0xe2, 0x98, 0xff])]), 'bytes')
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
  await bench.remove()
})

const settingsOf = (raw: Record<string, unknown>) => filesSettings.parse({ paths: [root], ...raw })

/** Every path below the root that restic saves under these settings. */
async function savedByRestic(raw: Record<string, unknown>): Promise<string[]> {
  const { exclude, excludeIfPresent, excludeCaches, excludeLargerThanMiB, oneFileSystem } = settingsOf(raw)
  const excludeLargerThanBytes = (excludeLargerThanMiB ?? 0) * 1024 * 1024
  const saved = await backupPaths(bench.restic, bench.access, {
    ...request(),
    ...{ include: [root], exclude, excludeIfPresent, excludeCaches, excludeLargerThanBytes, oneFileSystem },
  })
  const env = { RESTIC_REPOSITORY: bench.access.location, RESTIC_PASSWORD: bench.access.password.reveal() }
  const args = ['ls', '--json', '--no-cache', saved.snapshotId]
  const lines = execFileSync(bench.restic.binary, args, { env: { ...env, NODE_ENV: 'test' }, encoding: 'utf8' })
  const paths = lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).path as string | undefined]))
  return paths.filter((path) => path?.startsWith(`${root}/`)).sort() as string[]
}

async function takenByUs(raw: Record<string, unknown>): Promise<string[]> {
  const settings = settingsOf(raw)
  const options = { signal, oneFileSystem: true, sizes: false, intoLeftOut: false }
  const taken: string[] = []
  for await (const { folder, entries } of survey(root, rulesOf(settings), options))
    for (const { name, because } of entries)
      if (because === null) taken.push(printable(`${textOf(folder)}/${textOf(name)}`))
  return taken.sort()
}

const rows: [string, Record<string, unknown>][] = [
  ['no rule', {}],
  ['a name with a star, anywhere', { exclude: ['*.log'] }],
  ['a name, of a file and of a folder', { exclude: ['cache'] }],
  ['a trailing slash is nothing', { exclude: ['cache/'] }],
  ['two components, anywhere, and all below', { exclude: ['a/b'] }],
  ['** in the middle and at the end', { exclude: ['sub/**/*.tmp', 'x/**'] }],
  ['**/ at the start, quirks of two of them', { exclude: ['**/er/**', '/**/x/**/b'] }],
  ['anchored at the root of the machine', { exclude: ['/top.log', '/cache'] }],
  ['spaces, options, hashes and dollars are themselves', { exclude: ['sp ace.txt', '-rf', '#hash', '$HOME'] }],
  ['brackets', { exclude: ['a[[]1].txt', 'x[0-9]', 'x[^a-z0-9]', '[A-Z].LOG'] }],
  ['a backslash makes the next character itself', { exclude: ['a\\[1\\].txt', 'back\\\\slash', '\\!bang'] }],
  ['letters beyond ASCII, line breaks and bytes that are not UTF-8', { exclude: ['gr??e.txt', '?.txt', 'new?line'] }],
  ['each byte that is not UTF-8 is one character', { exclude: ['bytes ???'] }],
  ['taking back', { exclude: ['*.log', '!app.log', 'sub/deep/**', '!y.tmp'] }],
  ['taking back cannot reach into a folder', { exclude: ['sub', '!app.txt', '!sub/app.txt'] }],
  ['case counts', { exclude: ['*.LOG'] }],
  ['dots and double slashes', { exclude: ['sub//deep/./er/../y.tmp'] }],
  ['a name that marks a folder', { excludeIfPresent: ['.nobackup'] }],
  ['two names that mark a folder', { excludeIfPresent: ['.nobackup', '.skip'] }],
  ['caches', { excludeCaches: true }],
  ['a size', { excludeLargerThanMiB: 1 }],
  ['all together', { exclude: ['*.log'], excludeIfPresent: ['.skip'], excludeCaches: true, excludeLargerThanMiB: 1 }],
]

describe('What we say is saved is what restic saves', () => {
  test.each(rows)('%s', async (_title, raw) => {
    const saved = await savedByRestic(raw)
    expect(await takenByUs(raw)).toEqual(saved)
    expect(saved.length).toBeGreaterThan(20)
  })

  test('a whole path', async () => {
    const raw = { exclude: [join(root, 'cache'), `${root}/**/er`] }
    const saved = await savedByRestic(raw)
    expect(saved).not.toContain(join(root, 'cache'))
    expect(await takenByUs(raw)).toEqual(saved)
  })

  test('sockets are not saved', async () => {
    const server = createServer().listen(join(root, 'socket'))
    try {
      const saved = await savedByRestic({})
      expect(await takenByUs({})).toEqual(saved)
      expect(saved).not.toContain(join(root, 'socket'))
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test.each(['[a', 'a/[b/c]', 'x\\', '[]', '[]a]', '[a-]', '[-a]', '[^]', 'ok/[z'])(
    '%s is refused, as restic refuses it',
    async (pattern) => {
      expect(filesSettings.safeParse({ paths: [root], exclude: [pattern] }).success).toBe(false)
      const saving = backupPaths(bench.restic, bench.access, {
        ...request(),
        ...{ include: [root], exclude: [pattern], oneFileSystem: true },
      })
      await expect(saving).rejects.toMatchObject({ message: expect.stringContaining('invalid pattern') })
    },
  )
})
