import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { from } from 'pg-copy-streams'
import { runChild } from '#lib/process/child.ts'
import type { PostgresServer } from '#lib/testing/postgres-server.ts'
import { type TextMaker, textMaker } from './text.ts'

/** Rows, for a database of that size. */
export interface PostgresSize {
  /** pgbench's: 100,000 accounts each, 15 MB with their index. */
  scale: number
  /** Rows of text, about 1 kB each. */
  documents: number
}

const DOCUMENTS = `CREATE TABLE documents (id int PRIMARY KEY, author int NOT NULL, written timestamptz NOT NULL,
  title text NOT NULL, body text NOT NULL); CREATE INDEX ON documents (author)`
/** Lengths of a text, evenly spread. */
const [SHORTEST, LONGEST] = [300, 1500]

export interface PostgresData {
  database: string
  bytes(): Promise<number>
  /** One in a hundred new rows in both large tables. */
  addRows(): Promise<void>
  /** Updates the newest hundredth of the rows of both. */
  updateNewest(): Promise<void>
  /** Updates a hundredth of the rows of both, spread over all of the table. */
  updateRandom(): Promise<void>
}

/** pgbench's own tables and one of text, in a database of their own. The same every time. */
export async function makePostgresData(server: PostgresServer, bin: string, size: PostgresSize): Promise<PostgresData> {
  const database = 'shop'
  await server.query(`CREATE DATABASE ${database}`)
  await runPgbench(server, bin, database, size.scale)
  const query = (sql: string) => server.query(sql, database)
  await query(DOCUMENTS)
  const text = await textMaker(7)
  let documents = 0
  const add = async (count: number) => {
    await copyDocuments(server, database, text, documents, count)
    documents += count
  }
  await add(size.documents)
  await query('VACUUM ANALYZE documents')

  let accounts = size.scale * 100_000
  return {
    database,
    bytes: async () => Number((await query('SELECT pg_database_size(current_database()) AS bytes'))[0]?.bytes),
    async addRows() {
      await add(Math.ceil(size.documents / 100))
      const last = accounts + size.scale * 1000
      await query(
        `INSERT INTO pgbench_accounts SELECT aid, 1, 0, '' FROM generate_series(${accounts + 1}, ${last}) aid`,
      )
      accounts = last
    },
    async updateNewest() {
      await query(`UPDATE documents SET body = body || ' edited' WHERE id > ${documents - Math.ceil(size.documents / 100)};
        UPDATE pgbench_accounts SET abalance = abalance + 7 WHERE aid > ${accounts - size.scale * 1000}`)
    },
    async updateRandom() {
      await query(`UPDATE documents SET body = body || ' edited' WHERE abs(hashint4(id)) % 100 = 0;
        UPDATE pgbench_accounts SET abalance = abalance + 7 WHERE abs(hashint4(aid)) % 100 = 0`)
    },
  }
}

async function runPgbench(server: PostgresServer, bin: string, database: string, scale: number): Promise<void> {
  const exit = await runChild({
    command: `${bin}/pgbench`,
    args: ['--initialize', '--quiet', `--scale=${scale}`, database],
    env: { PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'postgres', PGPASSWORD: server.password },
  })
  if (exit.code !== 0) throw new Error(`pgbench could not make its tables: ${exit.stderr}`)
}

async function copyDocuments(
  server: PostgresServer,
  database: string,
  text: TextMaker,
  after: number,
  count: number,
): Promise<void> {
  const client = new Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'postgres',
    password: server.password,
    database,
  })
  await client.connect()
  function* rows() {
    for (let id = after + 1; id <= after + count; id += 1) {
      const written = new Date(Date.UTC(2025, 0, 1) + id * 60_000).toISOString()
      yield `${id}\t${text.number(50_000)}\t${written}\t${text.piece(30)}\t${text.piece(SHORTEST + text.number(LONGEST - SHORTEST))}\n`
    }
  }
  try {
    await pipeline(Readable.from(rows()), client.query(from('COPY documents FROM STDIN')))
  } finally {
    await client.end()
  }
}
