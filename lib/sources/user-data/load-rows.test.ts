import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import type { RowsWish } from '../exports/rows.ts'
import { userDataDriver } from './driver.ts'

const SCHEMA = `CREATE TABLE customers (id int PRIMARY KEY, name text, email text UNIQUE);
  CREATE TABLE orders (customer int REFERENCES customers (id), nr int, note text, PRIMARY KEY (customer, nr));
  CREATE TABLE likes (customer int, what text, PRIMARY KEY (customer, what));
  CREATE TABLE visits (customer int, page text)`
const ROWS = `INSERT INTO customers VALUES (1, 'Ada', 'ada@example.org'), (2, 'Bob', NULL), (3, 'Cyd', 'c@example.org');
  INSERT INTO orders VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c'); INSERT INTO likes VALUES (1, 'tea'), (2, 'tea')`
const exports = [
  { name: 'orders', table: 'orders', personColumn: 'customer' },
  { name: 'customers', table: 'customers', personColumn: 'id' },
  { name: 'likes', table: 'likes', personColumn: 'customer' },
]

interface Database {
  connection: object
  run(sql: string): Promise<void>
  rows(sql: string): Promise<Record<string, unknown>[]>
}

let server: PostgresServer | undefined
let made = 0
const missing = await postgresMissing()
beforeAll(async () => {
  if (missing === null) server = await startPostgresServer()
})
afterAll(() => server?.stop())

async function sqlite(run: TemporaryContext): Promise<Database> {
  const path = join(run.dir, `made-${++made}.db`)
  const within = <T>(work: (database: DatabaseSync) => T) => {
    const database = new DatabaseSync(path)
    try {
      return work(database)
    } finally {
      database.close()
    }
  }
  return {
    connection: { kind: 'sqlite', path },
    run: async (sql) => within((database) => database.exec(sql)),
    rows: async (sql) =>
      within((database) =>
        database
          .prepare(sql)
          .all()
          .map((row) => ({ ...row })),
      ),
  }
}

async function postgres(): Promise<Database> {
  const database = `rows_${++made}`
  const { query, port, password } = server as PostgresServer
  await query(`CREATE DATABASE ${database}`)
  return {
    connection: { kind: 'postgres', host: '127.0.0.1', port, database, user: 'postgres', password },
    run: async (sql) => void (await query(sql, database)),
    rows: (sql) => query(sql, database),
  }
}

const kinds: [string, (run: TemporaryContext) => Promise<Database>][] = [
  ['SQLite', sqlite],
  ...(missing === null ? [['PostgreSQL', postgres] as [string, typeof postgres]] : []),
]

describe.each(kinds.flatMap(([kind, make]) => [false, true].map((safe) => ({ kind, make, safe }))))(
  'rows in $kind (from NDJSON: $safe)',
  ({ make, safe }) => {
    async function saved(run: TemporaryContext, chosen: object[] = exports, more = '') {
      const [from, to] = [await make(run), await make(run)]
      await from.run(`${SCHEMA}; ${ROWS}; ${more}`)
      await to.run(SCHEMA)
      const settings = { exports: chosen, spreadsheetSafe: safe }
      const folder = join(run.dir, 'saved')
      const parse = ({ connection }: Database) => userDataDriver.settings.parse({ ...settings, connection })
      await saveCopy(await userDataDriver.open(parse(from), run.context), folder)
      const load = async (wish: RowsWish) => userDataDriver.loadRows?.(parse(to), folder, run.context, wish)
      const all = async () => [
        await to.rows('SELECT id, name FROM customers ORDER BY id'),
        await to.rows('SELECT customer, nr, note FROM orders ORDER BY customer, nr'),
      ]
      return { to, load, all }
    }
    const everyone = { person: null }

    test('that are there stay, become the saved ones, or keep anything from being changed', async () => {
      await using run = await temporaryContext()
      const { to, load, all } = await saved(run)
      await to.run(`INSERT INTO customers VALUES (1, 'Ada now', 'ada@example.org'), (9, 'New', NULL);
        INSERT INTO orders VALUES (1, 1, 'changed'); INSERT INTO likes VALUES (2, 'tea')`)
      const before = await all()
      await expect(load({ conflict: 'REFUSE', ...everyone })).rejects.toMatchObject({
        code: 'RESTORE_TARGET_NOT_EMPTY',
      })
      expect(await all()).toEqual(before)

      expect(await load({ conflict: 'SKIP', ...everyone })).toEqual({
        inserted: 5,
        replaced: 0,
        skipped: 3,
        leftOut: [],
      })
      const [customers, orders] = await all()
      expect(customers?.map(({ name }) => name)).toEqual(['Ada now', 'Bob', 'Cyd', 'New'])
      expect(orders?.map(({ note }) => note)).toEqual(['changed', 'b', 'c'])

      const { inserted, replaced, skipped } = (await load({ conflict: 'REPLACE', ...everyone })) ?? {}
      expect([inserted, Number(replaced) + Number(skipped)]).toEqual([0, 8])
      const [after, notes] = await all()
      expect(after?.map(({ name }) => name)).toEqual(['Ada', 'Bob', 'Cyd', 'New'])
      expect(notes?.map(({ note }) => note)).toEqual(['a', 'b', 'c'])
    })

    test('of one person come back, and nobody else’s', async () => {
      await using run = await temporaryContext()
      const orders = exports.map((one) => (one.name === 'likes' ? { name: 'likes', table: 'likes' } : one))
      const { to, load, all } = await saved(run, orders)
      await to.run("INSERT INTO customers VALUES (3, 'Cyd now', NULL)")
      const loaded = await load({ conflict: 'SKIP', person: '1' })
      expect(loaded).toEqual({ inserted: 3, replaced: 0, skipped: 0, leftOut: ['likes'] })
      expect(await all()).toEqual([
        [
          { id: 1, name: 'Ada' },
          { id: 3, name: 'Cyd now' },
        ],
        [
          { customer: 1, nr: 1, note: 'a' },
          { customer: 1, nr: 2, note: 'b' },
        ],
      ])
      expect(await to.rows('SELECT * FROM likes')).toEqual([])
      await expect(load({ conflict: 'SKIP', person: "1' OR '1'='1" })).rejects.toMatchObject({
        code: 'USER_DATA_PERSON_UNKNOWN',
      })
    })

    test('are refused where no key tells them apart, where nothing says whose they are, and where a rule is broken', async () => {
      await using run = await temporaryContext()
      const visits = { name: 'visits', table: 'visits' }
      const { to, load, all } = await saved(run, [...exports, visits], "INSERT INTO visits VALUES (1, '/')")
      await to.run("INSERT INTO visits VALUES (1, '/'); INSERT INTO customers VALUES (7, 'Eve', 'ada@example.org')")
      const before = await all()
      await expect(load({ conflict: 'SKIP', ...everyone })).rejects.toMatchObject({
        code: 'RESTORE_NO_KEY',
        message: expect.stringContaining('visits'),
      })
      await to.run('DELETE FROM visits')
      await expect(load({ conflict: 'REPLACE', ...everyone })).rejects.toMatchObject({ code: 'RESTORE_TOOL_FAILED' })
      expect(await all()).toEqual(before)
      const { load: ofNobody } = await saved(run, [visits], "INSERT INTO visits VALUES (1, '/')")
      await expect(ofNobody({ conflict: 'SKIP', person: '1' })).rejects.toMatchObject({
        code: 'USER_DATA_NOT_PER_PERSON',
      })
    })
  },
)
