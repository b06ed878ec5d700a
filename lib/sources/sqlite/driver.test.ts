import { chmod, copyFile, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { startChild } from '#lib/process/child.ts'
import { describeSource } from '../conformance.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
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

test('The copy of a database that another program writes all the time is of one moment', async () => {
  await using run = await temporaryContext()
  const { path } = await makeDatabase(
    join(run.dir, 'busy.db'),
    `PRAGMA journal_mode = WAL; CREATE TABLE account (id INTEGER PRIMARY KEY, amount INTEGER, filler BLOB);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
     INSERT INTO account SELECT i, 100, randomblob(2000) FROM n`,
  )
  const writer = `
    const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(process.argv[1], { timeout: 10000 })
    let n = 0
    setInterval(() => {
      n += 1
      db.exec('BEGIN IMMEDIATE; UPDATE account SET amount = amount - 1 WHERE id = ' + (n % 5000 + 1) +
        '; UPDATE account SET amount = amount + 1 WHERE id = ' + ((n * 7) % 5000 + 1) + '; COMMIT')
      if (n === 20) console.log('going')
    }, 2)`
  const going = Promise.withResolvers<void>()
  const child = await startChild({
    command: process.execPath,
    args: ['-e', writer, path],
    env: { NODE_NO_WARNINGS: '1' },
    onStdoutLine: () => going.resolve(),
  })
  try {
    await going.promise
    const copies = []
    for (let i = 0; i < 5; i += 1) {
      const copy = await sqliteDriver.open({ path }, run.context)
      if (copy.shape !== 'paths') throw new Error('paths were expected')
      const file = join(run.dir, `copy ${i}.db`)
      await copyFile(copy.include[0] as string, file)
      await copy.close()
      copies.push(file)
    }
    expect((await readProcess(child.pid)).includes('node'), 'the writer is still at work').toBe(true)
    for (const file of copies) {
      const database = new DatabaseSync(file)
      expect(database.prepare('SELECT sum(amount) AS s, count(*) AS n FROM account').get()).toEqual({
        s: 500_000,
        n: 5000,
      })
      database.close()
    }
  } finally {
    await child.stop()
  }
})

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

async function readProcess(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8')
}
