import type { Client } from 'pg'

export interface ServerDescription {
  /** "16.4" */
  version: string
  major: number
  tables: number
  bytes: number
}

/** Ordinary tables that a dump holds: not the system's, not temporary ones, not those that belong to an extension. */
const DUMPED_TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname) AS quoted, n.nspname || '.' || c.relname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 2`

export async function describeServer(client: Client): Promise<ServerDescription> {
  const { rows } = await client.query<{ version: string; number: string; tables: string; bytes: string }>(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
           (SELECT count(*) FROM (${DUMPED_TABLES}) t) AS tables, pg_database_size(current_database()) AS bytes`)
  const [row] = rows
  if (row === undefined) throw new Error('the server did not describe itself')
  return {
    version: row.version.split(' ')[0] as string,
    major: Math.floor(Number(row.number) / 10_000),
    tables: Number(row.tables),
    bytes: Number(row.bytes),
  }
}

/** Rows per "schema.table", all at one moment. */
export async function countRows(client: Client): Promise<Record<string, number>> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query('SET LOCAL row_security = off') // counting only what a policy shows would be a wrong count
  const counts: Record<string, number> = {}
  const { rows: tables } = await client.query<{ quoted: string; name: string }>(DUMPED_TABLES)
  for (const table of tables) {
    const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table.quoted}`)
    counts[table.name] = Number(rows[0]?.n)
  }
  await client.query('COMMIT')
  return counts
}
