import type { Client } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { ServerDescription } from './queries.ts'
import type { Selected } from './selection.ts'

const NAMES_TOLD = 20

export interface MissingRights {
  /** What the account may not read: `schema app`, `table app.people`. */
  missing: string[]
  /** SQL for the server's administrator, in any database and in this one; each ends with a semicolon. */
  grants: string[]
  grantsThere: string[]
}

/**
 * What pg_dump would read and may not: it needs SELECT on every table and sequence, USAGE of their schemas, every row where
 * row security is on, and every large object. pg_dump itself stops at the first.
 */
export async function missingRights(
  client: Client,
  server: Pick<ServerDescription, 'major'>,
  selected: Selected,
): Promise<MissingRights> {
  const user = client.escapeIdentifier(client.user ?? '')
  const read = selected.relations.filter((one) => one.kind !== 'view' && (!one.isOfExtension || one.isDumped))
  const schemas = [...new Set(read.filter((one) => !one.rights.schema).map((one) => one.schema))]
  const closed = read.filter((one) => !one.rights.read)
  const partly = read.filter((one) => one.rights.read && !one.rights.allRows)
  const objects = selected.isWholeDatabase ? await closedLargeObjects(client) : []
  const missing = [
    ...schemas.map((schema) => `schema ${schema}`),
    ...closed.map((one) => `${one.kind} ${one.schema}.${one.name}`),
    ...partly.map((one) => `all rows of ${one.schema}.${one.name} (row security)`),
    ...objects.map((oid) => `large object ${oid}`),
  ]
  const grants: string[] = []
  const grantsThere: string[] = []
  if (schemas.length + closed.length > 0) {
    const inSchemas = [...new Set([...schemas, ...closed.map((one) => one.schema)])].map((s) =>
      client.escapeIdentifier(s),
    )
    if (server.major >= 14) grants.push(`GRANT pg_read_all_data TO ${user};`)
    else grantsThere.push(...inSchemas.flatMap(readingOf(user)))
  }
  if (partly.length > 0) grants.push(`ALTER ROLE ${user} BYPASSRLS;`)
  if (objects.length > 0)
    grantsThere.push(
      `DO $$DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO %I', o, ${client.escapeLiteral(client.user ?? '')}); END LOOP; END$$;`,
    )
  return { missing, grants, grantsThere }
}

/** Those of several databases, as of one. */
export function joinRights(all: readonly { database: string; rights: MissingRights }[]): MissingRights {
  const there = ({ database, rights }: (typeof all)[number]) =>
    rights.grantsThere.length === 0 ? [] : [`/* in ${database.replaceAll('*/', '')}: */`, ...rights.grantsThere]
  return {
    missing: all.flatMap(({ database, rights }) => rights.missing.map((one) => `${one} in ${database}`)),
    grants: [...new Set(all.flatMap(({ rights }) => rights.grants))],
    grantsThere: all.flatMap(there),
  }
}

/** Throws SOURCE_RIGHTS_MISSING with the first names, unless nothing is missing. */
export function requireRights(source: string, { missing, grants, grantsThere }: MissingRights): void {
  if (missing.length === 0) return
  const more = missing.length - NAMES_TOLD
  const told = more > 0 ? [...missing.slice(0, NAMES_TOLD), `and ${more} more`] : missing
  throw new CodedError('SOURCE_RIGHTS_MISSING', { source, missing: told, grant: [...grants, ...grantsThere].join(' ') })
}

const readingOf = (user: string) => (schema: string) => [
  `GRANT USAGE ON SCHEMA ${schema} TO ${user};`,
  `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${user};`,
  `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${user};`,
]

/** Servers before 18 have no function that tells the right to read one. */
async function closedLargeObjects(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ oid: string }>(
    `SELECT oid::text FROM pg_largeobject_metadata
     WHERE current_setting('lo_compat_privileges') = 'off' AND NOT pg_has_role(lomowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM aclexplode(lomacl) a
                       WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
     LIMIT 1000`,
  )
  return rows.map((row) => row.oid)
}
