/** The program that reads rows: a child, so that it can be killed and never blocks the event loop. */
import type { DatabaseSync } from 'node:sqlite'
import { answer, now, openDatabase, say } from '../connections/sqlite-lines.ts'
import { jsonOf, type SqliteValue, type Storage, storageOf, textOf } from './sqlite-values.ts'

export interface ReadRequest {
  command: 'read'
  path: string
  selections: { name: string; sql: string; want: 'csv' | 'ndjson' | 'both' }[]
  /** Bound to :userId. */
  person: string | null
}

export type ReadLine =
  | { snapshotAt: string; found: boolean }
  | { opened: number; columns: { name: string; type: string }[] }
  | [values: (string | null)[], json: string][]
  | { closed: number; rows: number; storage: Storage[][] }

const ROWS_PER_LINE = 200
const CHARS_PER_LINE = 64 * 1024

const parametersOf = ({ person }: ReadRequest): Record<string, string> => (person === null ? {} : { userId: person })

function isKnown(database: DatabaseSync, request: ReadRequest): boolean {
  return request.selections.some(({ name, sql }) => {
    now('query', name)
    return database.prepare(`SELECT EXISTS (${sql}) AS found`).get(parametersOf(request))?.found === 1
  })
}

async function readOne(database: DatabaseSync, request: ReadRequest, index: number): Promise<void> {
  const { name, sql, want } = request.selections[index] as ReadRequest['selections'][number]
  now('query', name)
  const statement = database.prepare(sql)
  const columns = statement.columns().map((column) => ({ name: column.name, type: column.type ?? '' }))
  const repeated = columns.find((column, i) => columns.findIndex((other) => other.name === column.name) !== i)
  if (repeated) throw new Error(`two columns are called “${repeated.name}”; give them different names with AS`)
  await say({ opened: index, columns } satisfies ReadLine)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  const keys = columns.map((column) => JSON.stringify(column.name))
  const storage = columns.map(() => new Set<Storage>())
  const suspect = columns.map(() => 0)
  let total = 0
  let chars = 0
  let batch: [(string | null)[], string][] = []
  for (const row of statement.iterate(parametersOf(request)) as Iterable<unknown> as Iterable<SqliteValue[]>) {
    row.forEach((value, i) => {
      const found = storageOf(value)
      if (found !== null) storage[i]?.add(found)
      if (typeof value === 'string' && value.includes('\ufffd')) suspect[i] = (suspect[i] as number) + 1
    })
    const values = want === 'ndjson' ? [] : row.map(textOf)
    const json = want === 'csv' ? '' : `{${row.map((value, i) => `${keys[i]}:${jsonOf(value)}`).join(',')}}`
    batch.push([values, json])
    total += 1
    chars += json.length + values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
    if (batch.length < ROWS_PER_LINE && chars < CHARS_PER_LINE) continue
    await say(batch satisfies ReadLine)
    batch = []
    chars = 0
  }
  if (batch.length > 0) await say(batch satisfies ReadLine)
  suspect.forEach((found, i) => {
    if (found > 0) requireUtf8(database, request, sql, columns[i]?.name as string, found)
  })
  const classes = storage.map((set) => [...set].sort())
  await say({ closed: index, rows: total, storage: classes } satisfies ReadLine)
}

/** Bytes that are no UTF-8 come as U+FFFD: a value has that character only if it has its bytes. */
function requireUtf8(database: DatabaseSync, request: ReadRequest, sql: string, column: string, found: number): void {
  const name = `u."${column.replaceAll('"', '""')}"`
  const has = `typeof(${name}) = 'text' AND instr(CAST(${name} AS BLOB), x'efbfbd') > 0`
  const row = database.prepare(`SELECT count(*) AS n FROM (${sql}) AS u WHERE ${has}`).get(parametersOf(request))
  if (row?.n !== found) throw new Error(`the column “${column}” has text that is not UTF-8`)
}

if (import.meta.main)
  await answer<ReadRequest>(async (request) => {
    const database = openDatabase(request.path)
    now('query', 'snapshot')
    database.exec('BEGIN') // the first read fixes the snapshot for all that follow
    const row = database
      .prepare("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS now, count(*) FROM sqlite_schema")
      .get()
    const found = request.person === null || isKnown(database, request)
    await say({ snapshotAt: String(row?.now), found } satisfies ReadLine)
    for (const index of request.selections.keys()) await readOne(database, request, index)
    database.close()
  })
