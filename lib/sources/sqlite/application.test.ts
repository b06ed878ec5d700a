import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { type Child, startChild } from '#lib/process/child.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { sqliteDriver } from './driver.ts'

const ACCOUNTS = `CREATE TABLE account (id INTEGER PRIMARY KEY, amount INTEGER, filler BLOB);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
  INSERT INTO account SELECT i, 100, randomblob(2000) FROM n`

/**
 * Moves amounts every 2 ms, within each of two attached databases. With WAL it waits for nobody: any lock of ours that it
 * met would end it.
 */
const APPLICATION = `
  const { DatabaseSync } = require('node:sqlite')
  const [main, other, timeout] = process.argv.slice(1)
  const db = new DatabaseSync(main, { timeout: Number(timeout) })
  db.prepare('ATTACH ? AS other').run(other)
  let n = 0
  setInterval(() => {
    n += 1
    const move = (schema) => 'UPDATE ' + schema + '.account SET amount = amount - 1 WHERE id = ' + (n % 5000 + 1) +
      '; UPDATE ' + schema + '.account SET amount = amount + 1 WHERE id = ' + ((n * 7) % 5000 + 1) + ';'
    db.exec('BEGIN IMMEDIATE;' + move('main') + move('other') + 'COMMIT')
    console.log(n)
  }, 2)`

interface Application {
  child: Child
  commits(): number
  /** Resolves when it has committed that often more. Rejects when it ended. */
  more(commits: number): Promise<void>
}

async function startApplication(main: string, other: string, timeoutMs: number): Promise<Application> {
  let commits = 0
  const waiting = new Set<() => void>()
  const child = await startChild({
    command: process.execPath,
    args: ['-e', APPLICATION, main, other, String(timeoutMs)],
    env: { NODE_NO_WARNINGS: '1' },
    onStdoutLine: (line) => {
      commits = Number(line)
      for (const look of waiting) look()
    },
  })
  const more = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      const until = commits + wanted
      const look = () => {
        if (commits < until) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      void child.exited.then((exit) => reject(new Error(`the application ended: ${exit.stderr}`)))
    })
  return { child, commits: () => commits, more }
}

async function makeAccounts(run: TemporaryContext, mode: 'WAL' | 'DELETE') {
  const paths = [join(run.dir, 'main.db'), join(run.dir, 'other.db')] as [string, string]
  for (const path of paths) {
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA journal_mode = ${mode}; ${ACCOUNTS}`)
    database.close()
  }
  return paths
}

/** Names and content of all files but those that change by themselves: -shm holds the locks. */
async function stateOf(folder: string) {
  const names = (await readdir(folder)).sort()
  const hash = async (name: string) =>
    name.endsWith('-shm')
      ? name
      : `${name} ${createHash('sha256')
          .update(await readFile(join(folder, name)))
          .digest('hex')}`
  return Promise.all(names.map(hash))
}

test.each<['WAL' | 'DELETE', timeoutMs: number]>([
  ['WAL', 0],
  ['DELETE', 60_000],
])(
  'An application that writes all the time, in mode %s, goes on, and each copy is of one moment',
  async (mode, timeoutMs) => {
    await using run = await temporaryContext()
    const [main, other] = await makeAccounts(run, mode)
    const application = await startApplication(main, other, timeoutMs)
    try {
      await application.more(20)
      for (let i = 0; i < 3; i += 1) {
        const before = application.commits()
        const copy = await sqliteDriver.open({ pattern: join(run.dir, '*.db') }, run.context)
        if (copy.shape !== 'paths') throw new Error('paths were expected')
        expect(application.commits()).toBeGreaterThan(before)
        for (const path of [main, other]) {
          const file = join(run.dir, `copy ${i}`)
          await copyFile(join(copy.include[0] as string, path), file)
          const database = new DatabaseSync(file)
          const found = database.prepare('SELECT sum(amount) AS s, count(*) AS n FROM account').get()
          expect(found).toEqual({ s: 500_000, n: 5000 })
          database.close()
        }
        await copy.close()
        await application.more(5)
      }
    } finally {
      const exit = await application.child.stop()
      expect(exit.stderr).toBe('')
    }
  },
)

test('Copying leaves no file behind or changed, whoever has the database open', async () => {
  await using run = await temporaryContext()
  const copyAndCompare = async (path: string) => {
    const before = await stateOf(run.dir)
    await sqliteDriver.inspect({ path }, run.context)
    await (await sqliteDriver.open({ path }, run.context)).close()
    expect(await stateOf(run.dir)).toEqual(before)
  }
  const [closed, old] = [join(run.dir, 'closed.db'), join(run.dir, 'old.db')]
  for (const [path, mode] of [
    [closed, 'WAL'],
    [old, 'DELETE'],
  ] as const) {
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (x); INSERT INTO t VALUES (1)`)
    database.close()
    await copyAndCompare(path)
  }
  const application = new DatabaseSync(closed)
  application.exec('PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (2)')
  expect(await readdir(run.dir)).toContain('closed.db-wal')
  await copyAndCompare(closed)
  application.exec('INSERT INTO t VALUES (3)')
  application.close()
  expect(await readdir(run.dir)).not.toContain('closed.db-wal')
})

test.skipIf(process.getuid?.() !== 0 && process.env.CI !== 'true')(
  'A database whose write-ahead log cannot be made, on a file system that is only read, is refused with what is missing',
  async () => {
    await using run = await temporaryContext()
    const folder = join(run.dir, 'mounted')
    await mkdir(folder)
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder])
    try {
      for (const mode of ['WAL', 'DELETE']) {
        const database = new DatabaseSync(join(folder, `${mode}.db`))
        database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (x)`)
        database.close()
      }
      execFileSync('mount', ['-o', 'remount,ro', folder])
      await expect(sqliteDriver.open({ path: join(folder, 'WAL.db') }, run.context)).rejects.toMatchObject({
        code: 'SOURCE_RIGHTS_MISSING',
        message: expect.stringContaining('write-ahead log'),
      })
      await (await sqliteDriver.open({ path: join(folder, 'DELETE.db') }, run.context)).close()
    } finally {
      execFileSync('umount', [folder])
    }
  },
)

test('What a crashed application left is copied, in both journal modes', async () => {
  await using run = await temporaryContext()
  for (const mode of ['WAL', 'DELETE'] as const) {
    const [main, other] = await makeAccounts(run, mode)
    const application = await startApplication(main, other, 0)
    await application.more(20)
    process.kill(application.child.pid, 'SIGKILL')
    await application.child.exited
    const copy = await sqliteDriver.open({ path: main }, run.context)
    if (copy.shape !== 'paths') throw new Error('paths were expected')
    const database = new DatabaseSync(copy.include[0] as string)
    expect(database.prepare('SELECT sum(amount) AS s FROM account').get()).toEqual({ s: 500_000 })
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: mode.toLowerCase() })
    database.close()
    await copy.close()
    for (const path of [main, other]) await removeWithCompanions(path)
  }
})

async function removeWithCompanions(path: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(path + suffix, { force: true })
}
