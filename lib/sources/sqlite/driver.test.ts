import { chmod, copyFile, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { describeSource } from '../conformance.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { hostileNames } from '../conformance-faults.ts'
import { sqliteDriver } from './driver.ts'

async function makeDatabase(path: string, sql: string): Promise<{ path: string }> {
  await mkdir(dirname(path), { recursive: true })
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
  return { path }
}

const PEOPLE = `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
  INSERT INTO people (name) VALUES ('Ada'), ('Žofie'), (NULL); CREATE TABLE none (id INTEGER)`
const MANY = `CREATE TABLE many (id INTEGER PRIMARY KEY, filler BLOB);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
  INSERT INTO many SELECT i, randomblob(800) FROM n`

describeSource('sqlite', {
  filled: (dir) => makeDatabase(join(dir, 'people.db'), PEOPLE),
  odd: (dir) =>
    makeDatabase(
      join(dir, 'søme "dir"\nof mine', `it's a % ?mode=ro#.db`),
      `CREATE TABLE "a ""quoted"" táble
with a break" ("column; --" TEXT); INSERT INTO "a ""quoted"" táble
with a break" VALUES ('x')`,
    ),
  empty: (dir) => makeDatabase(join(dir, 'empty.db'), 'VACUUM'),
  gone: async (dir) => ({ settings: { path: join(dir, 'gone.db') }, code: 'PATH_NOT_FOUND' }),
  big: (dir) => makeDatabase(join(dir, 'big.db'), MANY),
  elsewhere: async (_settings, dir) => {
    const settings = { path: join(dir, 'restored.db') }
    return { settings, seen: settings }
  },
  faults: {
    unreachable: null,
    denied: null,
    withoutRights: null,
    tlsMismatch: null,
    needsTool: false,
    oldTool: null,
    killsDump: true,
    fillsScratch: true,
    crash: null,
    freeze: null,
    named: (dir, name) => makeDatabase(join(dir, name), PEOPLE),
  },
})

describeSource(
  'sqlite',
  {
    filled: async (dir) => {
      await makeDatabase(join(dir, 'tenants', 'one', 'data.db'), PEOPLE)
      await makeDatabase(join(dir, 'tenants', 'two', 'data.db'), `PRAGMA journal_mode = WAL; ${PEOPLE}`)
      return { pattern: join(dir, 'tenants', '*', 'data.db') }
    },
    odd: async (dir) => {
      for (const name of hostileNames) await makeDatabase(join(dir, 'odd', name, `${name}.db`), PEOPLE)
      await makeDatabase(join(dir, 'odd', 'with a\nbreak', '*?[a].db'), PEOPLE)
      return { pattern: join(dir, 'odd', '**', '*.db') }
    },
    empty: async (dir) => {
      await makeDatabase(join(dir, 'empty', 'empty.db'), 'VACUUM')
      return { pattern: join(dir, 'empty', '*mpty.db') }
    },
    gone: async (dir) => ({ settings: { pattern: join(dir, 'gone', '*.db') }, code: 'SOURCE_EMPTY' }),
    big: async (dir) => {
      await makeDatabase(join(dir, 'big', 'big.db'), MANY)
      return { pattern: join(dir, 'big', '*.db') }
    },
    elsewhere: async (settings, target) => ({
      settings,
      target,
      seen: { pattern: join(target, settings.pattern as string) },
    }),
    faults: {
      unreachable: null,
      denied: null,
      withoutRights: null,
      tlsMismatch: null,
      needsTool: false,
      oldTool: null,
      killsDump: false, // as for one file
      fillsScratch: true,
      crash: null,
      freeze: null,
      named: null, // all of them in the odd one
    },
  },
  ' with a pattern',
)

test('What is still in the write-ahead log is in the copy', async () => {
  await using run = await temporaryContext()
  const path = join(run.dir, 'log.db')
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${PEOPLE}`)
  const copy = await sqliteDriver.open({ path }, run.context)
  if (copy.shape !== 'paths') throw new Error('paths were expected')
  expect((await sqliteDriver.inspect({ path: copy.include[0] as string }, run.context)).tables).toEqual({
    none: 0,
    people: 3,
  })
  await copy.close()
  database.close()
})

test('A database that only its owner may read stays so, saved and restored', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(join(run.dir, 'private.db'), PEOPLE)
  await chmod(path, 0o600)
  const saved = join(run.dir, 'saved')
  await saveCopy(await sqliteDriver.open({ path }, run.context), saved)
  const restored = join(run.dir, 'new.db')
  await sqliteDriver.restore({ path: restored }, saved, run.context)
  expect((await stat(restored)).mode & 0o777).toBe(0o600)
})

test('A damaged database is refused as damaged', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(join(run.dir, 'damaged.db'), `${PEOPLE}; CREATE INDEX by_name ON people (name)`)
  const page = await pageOf(path, 'by_name')
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(200, 0xa5), 0, 200, page * 4096 - 200)
  await file.close()
  await expect(sqliteDriver.open({ path }, run.context)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  expect(await run.scratchContent()).toEqual([])
})

test('A file that is no database is refused as damaged', async () => {
  await using run = await temporaryContext()
  const path = join(run.dir, 'letter.db')
  await writeFile(path, 'Dear reader, this is not a database. '.repeat(100))
  await expect(sqliteDriver.open({ path }, run.context)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  await expect(sqliteDriver.open({ path: run.dir }, run.context)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('A restore below a folder leaves the database itself alone', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(join(run.dir, 'people.db'), PEOPLE)
  const saved = join(run.dir, 'saved')
  await saveCopy(await sqliteDriver.open({ path }, run.context), saved)
  const before = await readFile(path)
  const target = join(run.dir, 'below')
  await sqliteDriver.restore({ path }, saved, run.context, target)
  expect(await readFile(path)).toEqual(before)
  expect((await sqliteDriver.inspect({ path: join(target, path) }, run.context)).tables).toEqual({ none: 0, people: 3 })
  await expect(sqliteDriver.restore({ path }, saved, run.context, '/opt/not-ours')).rejects.toMatchObject({
    code: 'PATH_NOT_ALLOWED',
  })
})

test('A copy keeps the journal mode, the row numbers and the version of the application', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(
    join(run.dir, 'kept.db'),
    `PRAGMA journal_mode = WAL; PRAGMA user_version = 7; PRAGMA application_id = 99; CREATE TABLE t (x);
     INSERT INTO t VALUES ('a'), ('b'), ('c'); DELETE FROM t WHERE x = 'b'`,
  )
  const saved = join(run.dir, 'saved')
  await saveCopy(await sqliteDriver.open({ path }, run.context), saved)
  await sqliteDriver.restore({ path: join(run.dir, 'new.db') }, saved, run.context)
  const database = new DatabaseSync(join(run.dir, 'new.db'))
  const one = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0]
  expect(['journal_mode', 'user_version', 'application_id'].map((name) => one(`PRAGMA ${name}`))).toEqual([
    'wal',
    7,
    99,
  ])
  expect(one('SELECT group_concat(rowid) FROM t')).toBe('1,3')
  database.close()
})

test('A restore that is cut leaves the database as it was', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(join(run.dir, 'people.db'), PEOPLE)
  const before = await readFile(path)
  const folder = join(run.dir, 'restored')
  await mkdir(folder)
  await writeFile(join(folder, 'people.db'), before.subarray(0, 6000))
  await expect(sqliteDriver.restore({ path }, folder, run.context)).rejects.toMatchObject({
    code: 'RESTORE_CONTENT_WRONG',
  })
  expect(await readFile(path)).toEqual(before)
})

test('An old write-ahead log is not played into a restored database', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(join(run.dir, 'people.db'), PEOPLE)
  const folder = join(run.dir, 'restored')
  await mkdir(folder)
  await copyFile(path, join(folder, 'people.db'))
  await writeFile(`${path}-wal`, 'left over')
  const receipt = await sqliteDriver.restore({ path }, folder, run.context)
  expect(receipt.inventory.tables).toEqual({ none: 0, people: 3 })
})

async function pageOf(path: string, name: string): Promise<number> {
  const database = new DatabaseSync(path)
  const row = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)
  database.close()
  return Number(row?.rootpage)
}

test('a table that cannot be counted here, for want of its module, is saved all the same', async () => {
  await using given = await temporaryContext()
  const { context, dir } = given
  const settings = await makeDatabase(join(dir, 'virtual.db'), PEOPLE)
  const database = new DatabaseSync(settings.path, { allowExtension: false })
  database.enableDefensive?.(false)
  database.exec(`PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
    VALUES ('table', 'spellings', 'spellings', 0, 'CREATE VIRTUAL TABLE spellings USING spellfix_not_here')`)
  database.close()
  const copy = await sqliteDriver.open(settings, context)
  expect(copy.rows).toBeUndefined()
  await copy.close()
})
