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
import { type FoundTool, howToInstall, installed } from './tools.ts'

const DATABASE = 'restored'
const ROLE = 'verification'
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
 * A database in the machine's own PostgreSQL server. What an archive holds may run code while it is loaded (an index on an
 * expression does), so it is loaded and asked by an account without rights in the server; only extensions are made by the superuser.
 */
export async function openScratch(_settings: PostgresSettings, ctx: DriverContext): Promise<ScratchPlace> {
  if (ctx.scratchPostgres === null) throw new Error('the context of a verification needs a PostgreSQL server')
  const superuser = serverOf(await ctx.scratchPostgres())
  const version = await withPostgres(superuser, ctx, async (client) => (await describeServer(client)).version)
  const title = `PostgreSQL ${version}, a server for this alone`
  const close = async () => {} // the server goes
  if (ctx.part === GLOBALS) {
    const place = postgresSettings.parse({ ...superuser, database: undefined, allDatabases: true })
    return { title, load: (folder) => restoreGlobals(place, folder, ctx), close }
  }
  const password = new Secret(randomBytes(24).toString('base64url'))
  const ours: PostgresConnection = { ...superuser, database: DATABASE, user: ROLE, password }
  return {
    title,
    close,
    async load(folder) {
      const archive = await theOnlyFile(folder, 'the PostgreSQL archive')
      const tool = await readerOf(archive, await readers(ctx), ctx)
      await makeDatabase(superuser, ours, tool, archive, ctx)
      const tables = await withPostgres(ours, ctx, (client) => countRows(client, (relations) => relations))
      return {
        summary: `${Object.keys(tables).length} tables loaded by pg_restore ${tool.version}`,
        inventory: { tables, files: null, bytes: null },
      }
    },
    check: () => withPostgres({ ...superuser, database: DATABASE }, ctx, checkTables),
    ask: (sql) => withPostgres(ours, ctx, (client) => ask(client, sql)),
  }
}

function serverOf(url: Secret): PostgresConnection {
  const { hostname, port, username, password, pathname } = new URL(url.reveal())
  return postgresConnection.parse({
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    sslMode: 'disable',
  })
}

/** Newest first: any reads archives of older ones, and a server of our own takes what any of them sends. */
async function readers(ctx: DriverContext): Promise<FoundTool[]> {
  const tools = (await installed('pg_restore', ctx)).sort((a, b) => b.major - a.major)
  if (tools.length > 0) return tools
  throw new CodedError('SOURCE_TOOL_MISSING', { tool: 'pg_restore', install: howToInstall(17) })
}

async function makeDatabase(
  superuser: PostgresConnection,
  ours: PostgresConnection,
  tool: FoundTool,
  archive: string,
  ctx: DriverContext,
): Promise<void> {
  const entries = (await print(tool, ['--list', archive], ctx)).filter((line) => ENTRY.test(line))
  const extensions = extensionsIn(entries)
  const encoding = await encodingOf(tool, archive, ctx)
  // What a letter is, and its capital, as everywhere; other encodings have no such locale on every machine.
  const locale = encoding === 'UTF8' ? "builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'" : "libc LOCALE 'C'"
  await withPostgres(superuser, ctx, async (client) => {
    const missing = await missingExtensions(client, extensions)
    if (missing.length > 0) throw new CodedError('VERIFICATION_EXTENSION_MISSING', { extensions: missing })
    await client.query(
      `CREATE ROLE ${ROLE} LOGIN BYPASSRLS PASSWORD ${client.escapeLiteral(ours.password?.reveal() ?? '')}`,
    )
    await client.query(
      `CREATE DATABASE ${DATABASE} OWNER ${ROLE} TEMPLATE template0 ENCODING ${client.escapeLiteral(encoding)}
       LOCALE_PROVIDER ${locale}`,
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
      await makeExtensions({ ...superuser, database: DATABASE }, splitStatements(sql), ctx)
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
  statements: readonly string[],
  ctx: DriverContext,
): Promise<void> {
  await withPostgres(place, ctx, async (client) => {
    for (const statement of statements.filter((one) => one.startsWith('CREATE EXTENSION ')))
      await client.query(statement)
    // An extension's settings are rows of its own tables, and part of the archive.
    const { rows } = await client.query<{ grant: string }>(
      `SELECT format('GRANT ALL ON %s TO ${ROLE}', unnest(extconfig)::regclass) AS grant FROM pg_extension
       WHERE extconfig IS NOT NULL`,
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
