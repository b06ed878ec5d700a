import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { sqliteDriver } from './driver.ts'
import { baseOf, catchAll, catches } from './pattern.ts'

async function makeDatabase(path: string, rows = 1): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const database = new DatabaseSync(path)
  database.exec(`CREATE TABLE t (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO t SELECT i FROM n`)
  database.close()
}

test.each<[pattern: string, path: string, is: boolean]>([
  ['/a/*.db', '/a/b.db', true],
  ['/a/*.db', '/a/b/c.db', false],
  ['/a/*.db', '/a/.b.db', false],
  ['/a/.*.db', '/a/.b.db', true],
  ['/a/*/c.db', '/a/b/c.db', true],
  ['/a/**/c.db', '/a/c.db', true],
  ['/a/**/c.db', '/a/x/y/z/c.db', true],
  ['/a/**/c.db', '/a/.x/c.db', false],
  ['/a/?.db', '/a/b.db', false],
  ['/a/*☂\n*.db', '/a/x☂\ny.db', true],
  ['/a/*+(x).db', '/a/b+(x).db', true],
  ['/a/*.db', '/a/bxdb', false],
  ['/a/*.db', '/b/a/b.db', false],
])('The pattern %s and the path %s: %s', (pattern, path, is) => {
  expect(catches(pattern, path)).toBe(is)
})

test('The fixed part of a pattern is all before its first wildcard', () => {
  expect(['/srv/*/x.db', '/*.db', '/srv/a*/b/*'].map(baseOf)).toEqual(['/srv', '/', '/srv'])
})

test('A pattern catches databases once, and neither what lies beside them nor what is hidden', async () => {
  await using run = await temporaryContext()
  const at = (...names: string[]) => join(run.dir, ...names)
  for (const name of ['one', 'two', '.hidden']) await makeDatabase(at('t', name, 'data'))
  await symlink(at('t', 'one'), at('t', 'again'))
  await symlink(at('t'), at('t', 'one', 'round'))
  await symlink(at('nowhere'), at('t', 'one', 'dangling'))
  const open = new DatabaseSync(at('t', 'two', 'data'))
  open.exec('PRAGMA journal_mode = WAL; INSERT INTO t VALUES (1)')
  await writeFile(at('t', 'two', 'alone-wal'), '')
  const paths = async (pattern: string) =>
    (await catchAll(at(...pattern.split('/')), run.context)).map((one) => one.path)
  expect(await paths('t/*/*')).toEqual([at('t', 'again', 'data'), at('t', 'two', 'alone-wal'), at('t', 'two', 'data')])
  expect(await paths('t/**/data')).toEqual([at('t', 'one', 'data'), at('t', 'two', 'data')])
  open.close()
})

test('A pattern catches nothing outside the storage roots, by name or by symlink', async () => {
  await using run = await temporaryContext()
  const root = join(run.dir, 'root')
  await makeDatabase(join(run.dir, 'outside', 'data.db'))
  await makeDatabase(join(root, 'data.db'))
  const ctx = { ...run.context, storageRoots: [root] }
  for (const pattern of [join(run.dir, 'outside', '*.db'), '/etc/*', '/**/*.db'])
    await expect(sqliteDriver.open({ pattern }, ctx)).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' })
  await symlink(join(run.dir, 'outside', 'data.db'), join(root, 'out.db'))
  await expect(sqliteDriver.open({ pattern: join(root, '*.db') }, ctx)).rejects.toMatchObject({
    code: 'PATH_NOT_ALLOWED',
  })
})

test('A file or a pattern is wanted, and not both', () => {
  const isFine = (settings: object) => sqliteDriver.settings.safeParse(settings).success
  expect(isFine({ path: '/a/b.db' })).toBe(true)
  expect(isFine({ pattern: '/a/*.db' })).toBe(true)
  for (const settings of [{}, { path: '/a/b.db', pattern: '/a/*.db' }, { pattern: '/a/b.db' }, { pattern: 'a/*.db' }])
    expect(isFine(settings), JSON.stringify(settings)).toBe(false)
})

test('A database that is new is in the next backup; one that cannot be copied is named and keeps none from being saved', async () => {
  await using run = await temporaryContext()
  const log: string[] = []
  const ctx = { ...run.context, log: (_: string, line: string) => void log.push(line) }
  const pattern = join(run.dir, 't', '*.db')
  const at = (name: string) => join(run.dir, 't', name)
  const unsavedBy = async () => {
    const copy = await sqliteDriver.open({ pattern }, ctx)
    if (copy.shape !== 'paths' || !copy.unsaved) throw new Error('paths were expected')
    const copies = new Set<string>()
    const unsaved = await copy.unsaved(async (paths) => {
      for (const path of paths) copies.add(path.slice((copy.include[0] as string).length))
      return new Set(paths)
    })
    expect(await copy.unsaved(async () => new Set())).toHaveLength(copies.size + unsaved.length)
    await copy.close()
    return { saved: [...copies], unsaved }
  }
  await makeDatabase(at('a.db'))
  expect(await unsavedBy()).toEqual({ saved: [at('a.db')], unsaved: [] })
  await makeDatabase(at('b.db'))
  await writeFile(at('encrypted.db'), Buffer.alloc(8192, 0xa7))
  expect(await unsavedBy()).toEqual({ saved: [at('a.db'), at('b.db')], unsaved: [at('encrypted.db')] })
  expect(log.join('\n')).toMatch(/encrypted\.db is not saved: .*no SQLite database, or it is encrypted.*SOURCE_DAMAGED/)
  expect((await sqliteDriver.probe({ pattern }, ctx)).warnings).toEqual([expect.stringContaining('encrypted.db')])

  for (const name of ['a.db', 'b.db']) await rm(at(name))
  for (const call of [sqliteDriver.open, sqliteDriver.probe])
    await expect(call({ pattern }, ctx)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  await rm(at('encrypted.db'))
  for (const call of [sqliteDriver.open, sqliteDriver.probe])
    await expect(call({ pattern }, ctx)).rejects.toMatchObject({
      code: 'SOURCE_EMPTY',
      message: expect.stringContaining(pattern),
    })
  expect(await run.scratchContent()).toEqual([])
})

test('A restore of several databases brings back all of them or changes none', async () => {
  await using run = await temporaryContext()
  const pattern = join(run.dir, 't', '*.db')
  const at = (name: string) => join(run.dir, 't', name)
  for (const name of ['a.db', 'b.db', 'c.db']) await makeDatabase(at(name), 3)
  const saved = join(run.dir, 'saved')
  await saveCopy(await sqliteDriver.open({ pattern }, run.context), saved)
  for (const name of ['a.db', 'b.db', 'c.db']) await rm(at(name))
  await makeDatabase(at('a.db'), 1)
  await writeFile(`${at('a.db')}-wal`, 'of the old one')
  const before = await readFile(at('a.db'))
  await mkdir(join(at('c.db'), 'in the way'), { recursive: true })

  await expect(sqliteDriver.restore({ pattern }, saved, run.context)).rejects.toThrow()
  expect(await readFile(at('a.db'))).toEqual(before)
  expect(await readFile(`${at('a.db')}-wal`, 'utf8')).toBe('of the old one')
  await expect(readFile(at('b.db'))).rejects.toMatchObject({ code: 'ENOENT' })

  await rm(at('c.db'), { recursive: true })
  const receipt = await sqliteDriver.restore({ pattern }, saved, run.context)
  expect(receipt.inventory.tables).toEqual({ 'a.db: t': 3, 'b.db: t': 3, 'c.db: t': 3 })
  const narrower = { pattern: join(run.dir, 't', 'a*.db') }
  await expect(sqliteDriver.restore(narrower, saved, run.context)).rejects.toMatchObject({
    code: 'RESTORE_CONTENT_WRONG',
    details: { what: at('b.db') },
  })
})

test('A large database in which writers wait for a copy is named before the first backup', async () => {
  await using run = await temporaryContext()
  const [blocking, other, small] = ['blocking.db', 'other.db', 'small.db'].map((name) => join(run.dir, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [blocking, other, small]) await makeDatabase(path)
  const database = new DatabaseSync(other)
  database.exec('PRAGMA journal_mode = WAL')
  database.close()
  for (const path of [blocking, other]) await truncate(path, 200_000_000) // sparse: its pages are not looked at
  const { warnings } = await sqliteDriver.probe({ pattern: join(run.dir, '*.db') }, run.context)
  expect(warnings).toEqual([expect.stringMatching(/blocking\.db has no write-ahead log/)])
})
