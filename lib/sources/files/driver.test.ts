import { mkdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeSource } from '../conformance.ts'
import { temporaryContext } from '../conformance-context.ts'
import { filesDriver } from './driver.ts'
import { narrowTo } from './paths.ts'

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
  empty: (dir) => makeTree(join(dir, 'empty'), {}),
  gone: async (dir) => ({ settings: { paths: [join(dir, 'gone')] }, code: 'PATH_NOT_FOUND' }),
  big: null,
  elsewhere: async (settings, target) => ({
    settings,
    target,
    seen: { ...settings, paths: (settings.paths as string[]).map((path) => join(target, path)) },
  }),
  faults: {
    unreachable: null,
    denied: null,
    withoutRights: null,
    tlsMismatch: null,
    needsTool: false,
    oldTool: null,
    killsDump: false,
    fillsScratch: false,
    crash: null,
    freeze: null,
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
