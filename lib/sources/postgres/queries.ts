import type { Client } from 'pg'

export interface ServerDescription {
  /** "16.4" */
  version: string
  major: number
  /** It replays another server's changes. */
  isStandby: boolean
}

export async function describeServer(client: Client): Promise<ServerDescription> {
  const { rows } = await client.query<{ version: string; number: string; standby: boolean }>(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
           pg_is_in_recovery() AS standby`)
  const [row] = rows
  if (row === undefined) throw new Error('the server did not describe itself')
  return {
    version: row.version.split(' ')[0] as string,
    major: Math.floor(Number(row.number) / 10_000),
    isStandby: row.standby,
  }
}

/** A table, sequence or view that a dump may hold: not the system's, not temporary. */
export interface Relation {
  oid: string
  schema: string
  name: string
  kind: 'table' | 'partitioned table' | 'sequence' | 'view'
  /** The oid of the table that it is a partition of, or whose column it counts up. */
  partOf: string | null
  /** Made by CREATE EXTENSION, which makes it again on a restore. */
  isOfExtension: boolean
  /** A dump reads its rows: not those of an extension, save its settings, nor unlogged ones on a standby. */
  isDumped: boolean
  /** As of the last ANALYZE or VACUUM. To measure it would wait for whoever has locked the table. */
  bytes: number
  rights: {
    schema: boolean
    read: boolean
    /** Row security shows the account only some of its rows. */
    allRows: boolean
  }
}

const RELATIONS = `
  SELECT c.oid::text, n.nspname AS schema, c.relname AS name,
         CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'S' THEN 'sequence' ELSE 'view' END AS kind,
         CASE WHEN c.relkind = 'S'
              THEN (SELECT o.refobjid::text FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid
                    AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i') LIMIT 1)
              ELSE (SELECT inhparent::text FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition) END AS "partOf",
         e.oid IS NOT NULL AS "isOfExtension",
         NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
           AND (e.oid IS NULL OR c.oid = ANY (e.extconfig)) AS "isDumped",
         (c.relpages + coalesce((SELECT t.relpages FROM pg_class t WHERE t.oid = c.reltoastrelid), 0))::float8
           * current_setting('block_size')::int AS bytes,
         json_build_object(
           'schema', coalesce(has_schema_privilege(n.oid, 'USAGE'), true),
           'read', coalesce(has_table_privilege(c.oid, 'SELECT'), true),
           'allRows', NOT row_security_active(c.oid)) AS rights
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid
  WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  ORDER BY n.nspname, c.relname`

export async function relationsOf(client: Client): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(RELATIONS)
  return rows
}

export async function schemasOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT nspname AS name FROM pg_namespace
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' ORDER BY nspname`)
  return rows.map((row) => row.name)
}

/** The tables whose rows a backup is compared by. */
export const countedTables = (relations: readonly Relation[]): Relation[] =>
  relations.filter((one) => one.kind === 'table' && one.isDumped && !one.isOfExtension)

type Choose = (relations: Relation[], schemas: string[]) => Relation[]

/** Rows per "schema.table", all at one moment. `choose` says which of the tables there are at that moment. */
export async function countRows(client: Client, choose: Choose): Promise<Record<string, number>> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const counts = await countTables(client, choose)
  await client.query('COMMIT')
  return counts
}

/** The same in the caller's transaction. */
export async function countTables(
  client: Client,
  choose: Choose,
  onTable: () => void = () => {},
): Promise<Record<string, number>> {
  // Counting only what a policy shows would be a wrong count; and counting may take longer than an account's queries may.
  await client.query('SET LOCAL row_security = off; SET LOCAL statement_timeout = 0')
  const counts: Record<string, number> = {}
  for (const { schema, name } of countedTables(choose(await relationsOf(client), await schemasOf(client)))) {
    const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`
    const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ONLY ${table}`)
    counts[`${schema}.${name}`] = Number(rows[0]?.n)
    onTable()
  }
  return counts
}
