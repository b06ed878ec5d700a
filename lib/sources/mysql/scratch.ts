import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { CodedError } from '#lib/errors/coded-error.ts'
import { quoteName, withMysql } from '../connections/mysql.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import type { Finding, ScratchPlace } from '../scratch-place.ts'
import { parseHeader } from './dump-header.ts'
import { restoreDump } from './restore.ts'
import { type ScratchServer, startScratchServer } from './scratch-server.ts'
import { describeDatabase, type Family, holdsRows } from './server.ts'

const DATABASE = 'restored'
const WHAT = 'the MySQL dump'

/** A database in a server of our own, of the family that the dump is of. */
export function openScratch(ctx: DriverContext): ScratchPlace {
  let server: ScratchServer | undefined
  const started = () => server as ScratchServer
  return {
    title: 'a MariaDB or MySQL server for this alone',
    async load(folder): Promise<RestoreReceipt> {
      server = await startScratchServer(await familyOf(await theOnlyFile(folder, WHAT)), ctx)
      const receipt = await restoreDump(server.settings, DATABASE, folder, ctx)
      return { ...receipt, summary: `${receipt.summary}, into ${server.version}` }
    },
    check: () => checkTables(started(), ctx),
    ask: (sql) => ask(started(), sql, ctx),
    close: async () => server?.stop(),
  }
}

async function familyOf(file: string): Promise<Family> {
  const lines = createInterface({ input: createReadStream(file, { end: 4096 }) })
  for await (const line of lines) {
    const header = parseHeader(line)
    if (header !== null) return header.server.startsWith('MySQL') ? 'MySQL' : 'MariaDB'
    break
  }
  throw new CodedError('RESTORE_CONTENT_WRONG', { what: WHAT, reason: 'its first line is not one of ours' })
}

async function checkTables({ settings }: ScratchServer, ctx: DriverContext): Promise<Finding[]> {
  return withMysql(settings, ctx, async (client) => {
    const database = await describeDatabase(client, DATABASE)
    const problems: string[] = []
    for (const table of (database?.tables ?? []).filter(holdsRows)) {
      const rows = await client.rows<{ Msg_type: string; Msg_text: string }>(
        `CHECK TABLE ${quoteName(DATABASE)}.${quoteName(table.name)}`,
      )
      for (const { Msg_type, Msg_text } of rows)
        if (Msg_type === 'error' || (Msg_type === 'status' && Msg_text !== 'OK'))
          problems.push(`${table.name}: ${Msg_text}`)
    }
    return [{ what: 'every table (CHECK TABLE)', problem: problems.length === 0 ? null : `${problems.join('. ')}.` }]
  })
}

async function ask({ settings }: ScratchServer, sql: string, ctx: DriverContext): Promise<string | null> {
  return withMysql(settings, ctx, async (client) => {
    await client.rows(`USE ${quoteName(DATABASE)}`)
    await client.rows('START TRANSACTION READ ONLY')
    try {
      const [row] = await client.rows<{ answer: string | null }>(`SELECT CAST((${sql}\n) AS CHAR) AS answer`)
      return row?.answer ?? null
    } catch (thrown) {
      if (typeof (thrown as { errno?: unknown }).errno !== 'number') throw thrown
      const reason = (thrown as Error).message.replace(/\.$/, '')
      throw new CodedError('SOURCE_QUERY_FAILED', { name: sql, reason }, { cause: thrown })
    }
  })
}
