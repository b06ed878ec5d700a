import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeSource } from '../conformance.ts'
import { temporaryContext } from '../conformance-context.ts'
import { filesDriver } from './driver.ts'
import { narrowTo } from './paths.ts'
import { previewPaths } from './preview.ts'
import { rulesOf } from './rules.ts'

async function makeTree(folder: string, files: Record<string, string>) {
  await mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return { paths: [folder] }
}

const settingsOf = (...paths: string[]) => filesDriver.settings.parse({ paths })

describeSource('files', {
  filled: (dir) => makeTree(join(dir, 'uploads'), { 'a.txt': 'a', 'b/c.txt': 'ccc', 'b/d/empty': '' }),
  odd: async (dir) => {
    const folder = join(dir, `it's "odd"`)
    await makeTree(folder, { 'sp ace': '1', 'new\nline': '22', 'ünïcödé ☂': '333', '-rf': '4', '*?[]': '5' })
    await symlink('../nowhere at\nall', join(folder, 'dangling'))
    await writeFile(Buffer.concat([Buffer.from(`${folder}/not utf-8 `), Buffer.from([0xff, 0xfe])]), 'bytes')
    return { paths: [folder] }
  },
  empty: async (dir) => ({ ...(await makeTree(join(dir, 'empty'), {})), mayBeEmpty: true }),
  gone: async (dir) => ({ settings: { paths: [join(dir, 'gone')] }, code: 'PATH_NOT_FOUND' }),
  big: null,
  elsewhere: async (settings, target) => ({
    settings,
    target,
    seen: { ...settings, paths: (settings.paths as string[]).map((path) => join(target, path)) },
  }),
  faults: {
    // No server, and no program but restic. Files without rights are in saving.test.ts: the rest is saved all the same.
    unreachable: null,
    denied: null,
    withoutRights: null,
    tlsMismatch: null,
    needsTool: false,
    oldTool: null,
    killsDump: false,
    crash: null,
    freeze: null,
    // Only a list of names goes through the scratch folder; a full one is in a test of its own below.
    fillsScratch: false,
    named: (dir, name) => makeTree(join(dir, name), { [name]: 'x', 'b/c.txt': 'ccc' }),
  },
})

test('A folder outside the storage roots is refused, by name, by a longer name and by a symlink', async () => {
  await using run = await temporaryContext()
  const root = join(run.dir, 'data')
  await makeTree(root, { 'in/x': '1' })
  await makeTree(`${root}EVIL`, { y: '2' })
  await symlink(`${root}EVIL`, join(root, 'way-out'))
  const ctx = { ...run.context, storageRoots: [root] }
  for (const path of [`${root}EVIL`, join(root, 'way-out'), join(root, 'way-out', 'y'), '/etc', '/no/such'])
    for (const call of [filesDriver.probe, filesDriver.open, filesDriver.inspect])
      await expect(call(settingsOf(path), ctx), path).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' })
  await expect(filesDriver.open(settingsOf(root), { ...ctx, storageRoots: [] })).rejects.toMatchObject({
    code: 'PATH_NOT_ALLOWED',
  })
})

test.each(['relative', '', '/srv/../etc', '/srv/\0'])('The path %j is refused by the parser', (path) => {
  expect(filesDriver.settings.safeParse({ paths: [path] }).success).toBe(false)
})

test('A preview counts what is taken and left out, with examples and reasons', async () => {
  await using run = await temporaryContext()
  const root = join(run.dir, 'data')
  await makeTree(root, {
    'a.txt': 'abc',
    'b.log': 'logged',
    'cache/x/y': '12345',
    'cache/z': '1',
    'kept/.nobackup': '',
  })
  await makeTree(root, { 'kept/no': '22', 'closed/in': '333' })
  await symlink('a.txt', join(root, 'link'))
  const settings = { paths: [root], exclude: ['*.log', 'cache'], excludeIfPresent: ['.nobackup'] }
  const preview = await filesDriver.preview?.(filesDriver.settings.parse(settings), run.context)
  expect(preview?.complete).toBe(true)
  expect(preview?.taken).toMatchObject({ files: 4, bytes: 6 })
  expect(preview?.taken.examples.sort()).toEqual(
    ['a.txt', 'closed/in', 'kept/.nobackup', 'link'].map((x) => join(root, x)),
  )
  expect(preview?.leftOut).toMatchObject({ files: 4, bytes: 14 })
  expect(preview?.leftOut.examples.sort((a, b) => a.path.localeCompare(b.path))).toEqual([
    { path: join(root, 'b.log'), because: 'the pattern *.log' },
    { path: `${join(root, 'cache')}/`, because: 'the pattern cache' },
    { path: join(root, 'kept/no'), because: '.nobackup in its folder' },
  ])
  const inspected = await filesDriver.inspect(filesDriver.settings.parse(settings), run.context)
  expect(inspected).toEqual({ tables: null, files: 4, bytes: 6 })
})

test('A preview that runs out of time says so', async () => {
  await using run = await temporaryContext()
  await makeTree(run.dir, { a: '1', 'b/c': '2' })
  const limits = { signal: run.context.signal, oneFileSystem: true, limitMs: 0 }
  const preview = await previewPaths([run.dir], rulesOf(settingsOf(run.dir)), limits)
  expect(preview).toMatchObject({ complete: false, taken: { files: 1 } })
})

test.skipIf(process.getuid?.() !== 0 && process.env.CI !== 'true')(
  'What is mounted below is left out, and the preview, the probe and the log say so (needs root to mount)',
  async () => {
    await using run = await temporaryContext()
    const mounted = join(run.dir, 'data', 'mounted')
    await makeTree(join(run.dir, 'data'), { 'a.txt': 'abc', 'mounted/hidden': '' })
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mounted])
    try {
      await makeTree(mounted, { 'sub/x': '12345' })
      const settings = settingsOf(join(run.dir, 'data'))
      const preview = await filesDriver.preview?.(settings, run.context)
      expect(preview?.taken.files).toBe(1)
      const because = 'another file system is mounted there'
      expect(preview?.leftOut).toEqual({ files: 1, bytes: 5, examples: [{ path: `${mounted}/`, because }] })
      const { warnings } = await filesDriver.probe(settings, run.context)
      expect(warnings).toEqual([`${mounted} is left out: ${because}.`])
      const lines: string[] = []
      const log = (_level: string, line: string) => void lines.push(line)
      await (await filesDriver.open(settings, { ...run.context, log })).close()
      expect(lines).toEqual([`${mounted}: another file system is mounted there and left out`])
    } finally {
      execFileSync('umount', [mounted])
    }
  },
)

test('A source with nothing to save is refused, unless its folders may be empty', async () => {
  await using run = await temporaryContext()
  const [empty, full, marked] = ['empty', 'full', 'marked'].map((name) => join(run.dir, name)) as [
    string,
    string,
    string,
  ]
  await makeTree(empty, {})
  await makeTree(full, { 'a.log': '1' })
  await makeTree(marked, { '.nobackup': '', a: '1' })
  const open = (settings: object) => filesDriver.open(filesDriver.settings.parse(settings), run.context)
  const rows: [object, string][] = [
    [{ paths: [empty] }, 'it is empty'],
    [{ paths: [full], exclude: ['*.log'] }, 'everything in it is left out'],
    [{ paths: [full], exclude: ['full'] }, 'the pattern full leaves it out'],
    [{ paths: [full, empty], exclude: [full], mayBeEmpty: true }, `the pattern ${full} leaves it out`],
    [{ paths: [marked], excludeIfPresent: ['.nobackup'] }, 'left out, by .nobackup in its folder'],
  ]
  for (const [settings, reason] of rows) {
    const refusal = { code: 'SOURCE_FOLDER_EMPTY', message: expect.stringContaining(reason) }
    await expect(open(settings), reason).rejects.toMatchObject(refusal)
    expect(await run.scratchContent()).toEqual([])
  }
  await (await open({ paths: [empty], mayBeEmpty: true })).close()

  const both = await open({ paths: [empty, full] })
  if (both.shape !== 'paths') throw new Error('a source of files is a list of paths')
  expect(await both.unsaved?.(async (paths) => new Set(paths))).toEqual([`${empty}/*`])
  await both.close()
})

test.skipIf(process.getuid?.() !== 0 && process.env.CI !== 'true')(
  'A full disk under the list of names is SCRATCH_FULL (needs root to mount)',
  async () => {
    await using run = await temporaryContext()
    const scratch = join(run.dir, 'scratch')
    await mkdir(scratch)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', scratch])
    try {
      const names = Array.from({ length: 100 }, (_, i) => `${i}${'n'.repeat(100)}`)
      await makeTree(join(run.dir, 'data'), Object.fromEntries(names.map((name) => [name, ''])))
      const opening = filesDriver.open(settingsOf(join(run.dir, 'data')), { ...run.context, scratch })
      await expect(opening).rejects.toMatchObject({ code: 'SCRATCH_FULL' })
      expect(await readdir(scratch)).toEqual([])
    } finally {
      execFileSync('umount', [scratch])
    }
  },
)

test('A path that is a symlink inside the roots is read where it leads, and a path inside another is read once', async () => {
  await using run = await temporaryContext()
  const [real, link] = [join(run.dir, 'real'), join(run.dir, 'link')]
  await makeTree(real, { 'sub/x': '1' })
  await symlink(real, link)
  const copy = await filesDriver.open(settingsOf(link, join(real, 'sub'), `${real}/./`), run.context)
  expect(copy).toMatchObject({ include: [real], oneFileSystem: true })
})

test('A source is narrowed to a folder of its own and to no other', async () => {
  await using run = await temporaryContext()
  const [own, other] = [join(run.dir, 'own'), join(run.dir, 'own too')]
  await makeTree(own, { 'sub/x': '1' })
  await makeTree(other, { y: '2' })
  await symlink(other, join(own, 'way-out'))
  const settings = { ...settingsOf(own), exclude: ['*.tmp'] }
  expect(await narrowTo(settings, join(own, 'sub'), [run.dir])).toEqual({ ...settings, paths: [join(own, 'sub')] })
  expect((await narrowTo(settings, own, [run.dir])).paths).toEqual([own])
  for (const path of [other, run.dir, join(own, 'way-out'), `${own}/../own too`, '/', 'own', `${own}\0`])
    await expect(narrowTo(settings, path, [run.dir]), path).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' })
  await expect(narrowTo(settings, join(own, 'none'), [run.dir])).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('A restore to the original place keeps times, modes and symlinks, and what was not in the snapshot', async () => {
  await using run = await temporaryContext()
  const uploads = join(run.dir, 'uploads')
  await makeTree(uploads, { 'a.txt': 'new', 'later.txt': 'later' })
  const saved = join(run.dir, 'saved', uploads)
  await makeTree(saved, { 'a.txt': 'old', 'deep/b': 'b' })
  await symlink('a.txt', join(saved, 'link'))
  const at = new Date('2020-02-03T04:05:06Z')
  await utimes(join(saved, 'a.txt'), at, at)
  await utimes(join(saved, 'deep'), at, at)
  const receipt = await filesDriver.restore(settingsOf(uploads), join(run.dir, 'saved'), run.context)
  expect(receipt.inventory).toEqual({ tables: null, files: 3, bytes: 4 })
  expect(await readFile(join(uploads, 'a.txt'), 'utf8')).toBe('old')
  expect(await readFile(join(uploads, 'later.txt'), 'utf8')).toBe('later')
  expect(await readlink(join(uploads, 'link'))).toBe('a.txt')
  for (const name of ['a.txt', 'deep']) expect((await stat(join(uploads, name))).mtime).toEqual(at)
})

test('A restore writes neither outside the roots nor through a symlink in the place of a folder', async () => {
  await using run = await temporaryContext()
  const [uploads, saved] = [join(run.dir, 'uploads'), join(run.dir, 'saved')]
  await makeTree(join(saved, uploads), { 'sub/x': '1' })
  await makeTree(uploads, {})
  await expect(filesDriver.restore(settingsOf(uploads), saved, run.context, '/opt/not-ours')).rejects.toMatchObject({
    code: 'PATH_NOT_ALLOWED',
  })
  const victim = join(run.dir, 'victim')
  await mkdir(victim)
  await symlink(victim, join(uploads, 'sub'))
  await expect(filesDriver.restore(settingsOf(uploads), saved, run.context)).rejects.toThrow('EEXIST')
  await expect(stat(join(victim, 'x'))).rejects.toThrow('ENOENT')
})
