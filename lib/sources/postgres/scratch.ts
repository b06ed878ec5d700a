import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, QueryConfig } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type PostgresConnection, postgresConnection, withPostgres } from '../connections/postgres.ts'
import type { DriverContext } from '../driver.ts'
import { queryError } from '../exports/postgres-refusals.ts'
import { theOnlyFile } from '../restored-folder.ts'
import type { Finding, ScratchPlace } from '../scratch-place.ts'
import { print } from './create-database.ts'
import { EXTENSION, extensionsIn, missingExtensions } from './needs.ts'
import { countRows, describeServer } from './queries.ts'
import { JOBS, play, readerOf } from './restore.ts'
import { restoreGlobals } from './restore-globals.ts'
import { GLOBALS, type PostgresSettings, postgresSettings } from './settings.ts'
import { splitStatements } from './statements.ts'
import { type FoundTool, findTools, howToInstall, installed } from './tools.ts'

/** Of PostgreSQL from this version on: what a letter is, without any locale of the machine. */
const BUILTIN_LOCALES = 17
const DROP_TIMEOUT_MS = 60_000
const ASK_TIMEOUT_MS = 10 * 60_000
const PROBLEMS_SHOWN = 10

/**
 * Entries of a table of contents by the tag that `pg_restore --list` shows. Left out are those that need accounts of the
 * source's server, reach out to other servers, or act on the whole of this one; nothing in them is data.
 */
const ENTRY = /^\d+; \d+ \d+ /
const LEFT_OUT = /^\d+; \d+ \d+ (?:POLICY|USER MAPPING|EVENT TRIGGER|(?:COMMENT|ACL) - (?:POLICY|EVENT TRIGGER)) /
const SCHEMA = /^\d+; \d+ \d+ SCHEMA /
const OF_EXTENSION = /^\d+; \d+ \d+ COMMENT - EXTENSION /

/**
 * A database in the machine's own PostgreSQL server, or in one that the operator gives. What an archive holds may run code while it is
 * loaded (an index on an expression does), so it is loaded and asked by an account without rights in the server; only extensions are
 * made by the superuser. Roles of a whole server go into our own alone.
 */
export async function openScratch(_settings: PostgresSettings, ctx: DriverContext): Promise<ScratchPlace> {
  if (ctx.scratchPostgres === null) throw new Error('the context of a verification needs a PostgreSQL server')
  const given = ctx.part === GLOBALS ? null : ctx.scratchPostgres.given
  const superuser = serverOf(given?.url ?? (await ctx.scratchPostgres.start()), given ? 'prefer' : 'disable')
  const server = await withPostgres(superuser, ctx, describeServer)
  const where = given === null ? 'a server for this alone' : `at ${superuser.host}:${superuser.port}`
  const title = `PostgreSQL ${server.version}, ${where}`
  if (ctx.part === GLOBALS) {
    const place = postgresSettings.parse({ ...superuser, database: undefined, allDatabases: true })
    return { title, load: (folder) => restoreGlobals(place, folder, ctx), close: async () => {} }
  }
  const name = given?.name ?? 'verification'
  const password = new Secret(randomBytes(24).toString('base64url'))
  const ours: PostgresConnection = { ...superuser, database: name, user: name, password }
  return {
    title,
    // A server of our own goes with all that is in it.
    close: async () => (given === null ? undefined : dropScratch(given.url, given.name, ctx.log)),
    async load(folder) {
      const archive = await theOnlyFile(folder, 'the PostgreSQL archive')
      const tools = given === null ? await readers(ctx) : await findTools('pg_restore', server.major, ctx)
      const tool = await readerOf(archive, tools, ctx, { whole: false })
      await makeDatabase({ superuser, ours, major: server.major }, tool, archive, ctx)
      const tables = await withPostgres(ours, ctx, (client) => countRows(client, (relations) => relations))
      return {
        summary: `${Object.keys(tables).length} tables loaded by pg_restore ${tool.version}`,
        inventory: { tables, files: null, bytes: null },
      }
    },
    check: () => withPostgres({ ...superuser, database: name }, ctx, checkTables),
    ask: (sql) => withPostgres(ours, ctx, (client) => ask(client, sql)),
  }
}

/** Removes the database and the account that a verification made on a server that the operator gave. Never rejects: the log tells what is left. */
export async function dropScratch(url: Secret, name: string, log: DriverContext['log']): Promise<void> {
  try {
    await withPostgres(serverOf(url, 'prefer'), { signal: AbortSignal.timeout(DROP_TIMEOUT_MS) }, async (client) => {
      const { major } = await describeServer(client)
      const quoted = client.escapeIdentifier(name)
      await client.query(`DROP DATABASE IF EXISTS ${quoted}${major >= 13 ? ' WITH (FORCE)' : ''}`)
      await client.query(`DROP ROLE IF EXISTS ${quoted}`)
    })
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    log('error', `The database and the account “${name}”, made for a verification, could not be removed: ${reason}`)
  }
}

function serverOf(url: Secret, sslMode: 'disable' | 'prefer'): PostgresConnection {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url.reveal())
  return postgresConnection.parse({
    host: decodeURIComponent(hostname),
    port: Number(port || 5432),
    database: decodeURIComponent(pathname.slice(1)) || 'postgres',
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    sslMode: searchParams.get('sslmode') ?? sslMode,
    sslRootCert: searchParams.get('sslrootcert') ?? undefined,
  })
}

/** Newest first: any reads archives of older ones, and a server of our own takes what any of them sends. */
async function readers(ctx: DriverContext): Promise<FoundTool[]> {
  const tools = (await installed('pg_restore', ctx)).sort((a, b) => b.major - a.major)
  if (tools.length > 0) return tools
  throw new CodedError('SOURCE_TOOL_MISSING', { tool: 'pg_restore', install: howToInstall(17) })
}

interface Place {
  superuser: PostgresConnection
  /** The account that loads and asks, in the database that is made for it. */
  ours: PostgresConnection
  /** Of the server. */
  major: number
}

async function makeDatabase(
  { superuser, ours, major }: Place,
  tool: FoundTool,
  archive: string,
  ctx: DriverContext,
): Promise<void> {
  const entries = (await print(tool, ['--list', archive], ctx)).filter((line) => ENTRY.test(line))
  const extensions = extensionsIn(entries)
  const encoding = await encodingOf(tool, archive, ctx)
  // What a letter is, and its capital, as everywhere; other encodings have no such locale on every machine.
  const locale = encoding === 'UTF8' && major >= BUILTIN_LOCALES ? "builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'" : null
  await withPostgres(superuser, ctx, async (client) => {
    const missing = await missingExtensions(client, extensions)
    if (missing.length > 0) throw new CodedError('VERIFICATION_EXTENSION_MISSING', { extensions: missing })
    const role = client.escapeIdentifier(ours.user)
    await client.query(
      `CREATE ROLE ${role} LOGIN BYPASSRLS PASSWORD ${client.escapeLiteral(ours.password?.reveal() ?? '')}`,
    )
    await client.query(
      `CREATE DATABASE ${role} OWNER ${role} TEMPLATE template0 ENCODING ${client.escapeLiteral(encoding)}
       ${locale === null ? "LC_COLLATE 'C' LC_CTYPE 'C'" : `LOCALE_PROVIDER ${locale}`}`,
    )
  })
  const flags = ['--no-owner', '--no-acl', '--no-tablespaces', '--no-security-labels']
  const server = ['--no-publications', '--no-subscriptions']
  const withList = async <T>(lines: readonly string[], work: (option: string) => Promise<T>): Promise<T> => {
    const file = join(ctx.scratch, 'entries')
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
    return work(`--use-list=${file}`).finally(() => rm(file, { force: true }))
  }
  const of = (form: RegExp) => entries.filter((line) => form.test(line))
  // An extension may need its schema first, and all others the extensions.
  if (of(SCHEMA).length > 0)
    await withList(of(SCHEMA), (list) => play(tool, archive, ours, ctx, { only: [...flags, list] }))
  if (extensions.length > 0)
    await withList(of(EXTENSION), async (list) => {
      const sql = (await print(tool, [list, '--file=-', archive], ctx)).join('\n')
      await makeExtensions({ ...superuser, database: ours.database }, ours.user, splitStatements(sql), ctx)
    })
  const rest = entries.filter((line) => ![SCHEMA, EXTENSION, OF_EXTENSION, LEFT_OUT].some((form) => form.test(line)))
  if (rest.length > 0)
    await withList(rest, (list) => play(tool, archive, ours, ctx, { only: [...flags, ...server, list], jobs: JOBS }))
}

/** In SQL_ASCII, a database holds bytes of any encoding. */
async function encodingOf(tool: FoundTool, archive: string, ctx: DriverContext): Promise<string> {
  const head = await print(tool, ['--section=pre-data', '--file=-', archive], ctx)
  const set = head.map((line) => /^SET client_encoding = '(\w+)';$/.exec(line)?.[1])
  return set.find((name) => name !== undefined) ?? 'UTF8'
}

async function makeExtensions(
  place: PostgresConnection,
  role: string,
  statements: readonly string[],
  ctx: DriverContext,
): Promise<void> {
  await withPostgres(place, ctx, async (client) => {
    for (const statement of statements.filter((one) => one.startsWith('CREATE EXTENSION ')))
      await client.query(statement)
    // An extension's settings are rows of its own tables, and part of the archive.
    const { rows } = await client.query<{ grant: string }>(
      `SELECT format('GRANT ALL ON %s TO %I', unnest(extconfig)::regclass, $1::text) AS grant FROM pg_extension
       WHERE extconfig IS NOT NULL`,
      [role],
    )
    for (const { grant } of rows) await client.query(grant)
  })
}

/** Every page of every table, and every index, as amcheck reads them. */
async function checkTables(client: Client): Promise<Finding[]> {
  await client.query('CREATE SCHEMA checking_by_amcheck; CREATE EXTENSION amcheck SCHEMA checking_by_amcheck')
  await client.query('SET statement_timeout = 0')
  const { rows } = await client.query<{ name: string; problem: string }>(`
    SELECT c.oid::regclass::text AS name, format('block %s, tuple %s: %s', v.blkno, v.offnum, v.msg) AS problem
    FROM pg_class c, LATERAL checking_by_amcheck.verify_heapam(c.oid, check_toast => true) v
    WHERE c.relkind IN ('r', 'm', 't') AND c.relnamespace <> 'pg_catalog'::regnamespace`)
  const indexes = await client.query<{ name: string }>(`
    SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam
    WHERE a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND c.relnamespace <> 'pg_catalog'::regnamespace`)
  const damaged = rows.map(({ name, problem }) => `${name}, ${problem}`)
  for (const { name } of indexes.rows)
    await client.query('SELECT checking_by_amcheck.bt_index_check($1::regclass)', [name]).catch((thrown: Error) => {
      if (!('code' in thrown)) throw thrown // the connection broke
      damaged.push(`${name}, ${thrown.message}`)
    })
  return [
    {
      what: 'every page of every table, and every index (amcheck)',
      problem: damaged.length === 0 ? null : `${damaged.slice(0, PROBLEMS_SHOWN).join('. ')}.`,
    },
  ]
}

/** As a subquery it can only be one that reads; the account has no rights beyond its database either. */
async function ask(client: Client, sql: string): Promise<string | null> {
  try {
    await client.query('BEGIN READ ONLY')
    await client.query(`SET LOCAL statement_timeout = ${ASK_TIMEOUT_MS}; SET LOCAL search_path = public, pg_catalog`)
    const text = `SELECT (${sql}\n)::text AS answer`
    const { rows } = await client.query<{ answer: string | null }>({ text, queryMode: 'extended' } as QueryConfig)
    await client.query('ROLLBACK')
    return rows[0]?.answer ?? null
  } catch (thrown) {
    throw queryError(sql, thrown)
  }
}
