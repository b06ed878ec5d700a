import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type MysqlClient, type MysqlServer, quoteName, withMysql } from '../connections/mysql.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { writeDefaultsFile } from './defaults-file.ts'
import { COMPLETION_MARK, type DumpHeader, parseHeader } from './dump-header.ts'
import { countRows } from './inventory.ts'
import { play } from './play.ts'
import { programFor } from './programs.ts'
import { rewriteDump } from './rewrite-dump.ts'
import { countPrograms, type DatabaseDescription, describeDatabase, describeServer } from './server.ts'

const WHAT = 'the MySQL dump'
const HEADER_LIMIT_BYTES = 4096
const TAIL_BYTES = 256
/** For putting things back after a failure, when the run's own signal is aborted already. */
const UNDO_TIMEOUT_MS = 60_000

/**
 * Plays a whole dump into the database `name`, which must be empty or absent: MySQL cannot roll back what a dump does, so
 * nothing that is there is ever touched. After an error the database is as it was, empty or absent.
 */
export async function restoreDump(
  settings: MysqlServer,
  name: string,
  folder: string,
  ctx: DriverContext,
): Promise<RestoreReceipt> {
  const file = await theOnlyFile(folder, WHAT)
  const header = await checkedHeader(file)
  const { server, before } = await withMysql(settings, ctx, async (client) => ({
    server: await describeServer(client),
    before: await emptyDatabase(client, name),
  }))
  const program = await programFor('client', server, ctx)
  const defaults = await writeDefaultsFile(settings, program.family, server.encrypted, ctx)
  let isDone = false
  try {
    await withMysql(settings, ctx, (client) => prepare(client, name, header, before))
    await play(
      { program, defaults },
      name,
      [createReadStream(file), counting(ctx), rewriteDump(header.database, name)],
      ctx,
    )
    const tables = await withMysql(settings, ctx, async (client) => {
      const database = await describeDatabase(client, name)
      return database === null ? {} : countRows(client, database, [])
    })
    isDone = true
    return {
      summary: `${Object.keys(tables).length} tables restored into ${name} by ${program.name} ${program.version}`,
      inventory: { tables, files: null, bytes: null },
    }
  } finally {
    await defaults.remove()
    if (!isDone) await undo(settings, name, before, ctx)
  }
}

/** A dump that was cut may well be played without an error, so it is looked at before anything is done. */
async function checkedHeader(file: string): Promise<DumpHeader> {
  const { size } = await stat(file)
  const handle = await open(file)
  try {
    const read = async (length: number, position: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
      return buffer.subarray(0, bytesRead).toString('utf8')
    }
    const end = await read(TAIL_BYTES, Math.max(0, size - TAIL_BYTES))
    const last = end.endsWith('\n') ? end.slice(0, -1).split('\n').at(-1) : undefined
    if (last === undefined || !COMPLETION_MARK.test(last))
      throw new CodedError('RESTORE_CONTENT_WRONG', { what: WHAT, reason: 'its end is missing' })
    const header = parseHeader((await read(HEADER_LIMIT_BYTES, 0)).split('\n')[0] ?? '')
    if (header === null)
      throw new CodedError('RESTORE_CONTENT_WRONG', { what: WHAT, reason: 'its first line is not one of ours' })
    return header
  } finally {
    await handle.close()
  }
}

/** The database as it is when it holds nothing, null when there is none. Rejects with RESTORE_TARGET_NOT_EMPTY. */
async function emptyDatabase(client: MysqlClient, name: string): Promise<DatabaseDescription | null> {
  const database = await describeDatabase(client, name)
  if (database === null) return null
  const programs = await countPrograms(client, name)
  if (database.tables.length + programs > 0)
    throw new CodedError('RESTORE_TARGET_NOT_EMPTY', {
      target: `The database “${name}”`,
      holds: [`${database.tables.length} tables and views`, `${programs} routines and events`],
    })
  return database
}

async function prepare(client: MysqlClient, name: string, header: DumpHeader, before: DatabaseDescription | null) {
  const verb = before === null ? 'CREATE' : 'ALTER'
  const charset = `CHARACTER SET ${header.characterSet} COLLATE ${header.collation}`
  await client.rows(`${verb} DATABASE ${quoteName(name)} ${charset}`)
}

function counting(ctx: DriverContext): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      ctx.progress(bytes)
      done(null, chunk)
    },
  })
}

/** Never rejects: why a restore failed matters more, and the log tells what is left. */
export async function dropDatabase(settings: MysqlServer, name: string, ctx: DriverContext): Promise<void> {
  await undo(settings, name, null, ctx)
}

async function undo(settings: MysqlServer, name: string, before: DatabaseDescription | null, ctx: DriverContext) {
  try {
    await withMysql(settings, { signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) }, async (client) => {
      await client.rows(`DROP DATABASE IF EXISTS ${quoteName(name)}`)
      if (before === null) return
      const charset = `CHARACTER SET ${before.characterSet} COLLATE ${before.collation}`
      await client.rows(`CREATE DATABASE ${quoteName(name)} ${charset}`)
    })
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    ctx.log('error', `What was restored of ${name} could not be removed again (${reason}). Drop the database by hand.`)
  }
}
