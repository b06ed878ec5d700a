import { Readable } from 'node:stream'
import { withMysql } from '../connections/mysql.ts'
import { type DriverContext, databaseOfPart } from '../driver.ts'
import { writeDefaultsFile } from './defaults-file.ts'
import { alreadyThere, exchangeDatabase, requireNoReferences } from './exchange.ts'
import { play } from './play.ts'
import { programFor } from './programs.ts'
import { dropDatabase } from './restore.ts'
import { describeDatabase, describeServer } from './server.ts'
import { databaseName, type MysqlSettings, mysqlSettings } from './settings.ts'

/** A database that the server does not have yet. */
export const newPlace = {
  what: 'database',
  name: databaseName,
  original: ({ database }: MysqlSettings, part: string) => databaseOfPart(part) ?? database ?? null,
  async open(
    { host, port, user, password, sslMode, sslRootCert }: MysqlSettings,
    name: string,
    ctx: DriverContext,
  ): Promise<MysqlSettings> {
    const place = mysqlSettings.parse({ host, port, user, password, sslMode, sslRootCert, database: name })
    if ((await withMysql(place, ctx, (client) => describeDatabase(client, name))) !== null) throw alreadyThere(name)
    return place
  },
  aside: {
    check: (settings: MysqlSettings, name: string, ctx: DriverContext) =>
      withMysql(settings, ctx, (client) => requireNoReferences(client, name)),
    rename: (place: MysqlSettings, name: string, kept: string | null, ctx: DriverContext) =>
      exchangeDatabase(place, place.database as string, name, kept, ctx),
    mask,
    remove: (place: MysqlSettings, ctx: DriverContext) => dropDatabase(place, place.database as string, ctx),
  },
} as const

/** In no transaction, which statements that change tables would end: a place that was masked in part is removed. */
async function mask(place: MysqlSettings, sql: string, ctx: DriverContext): Promise<void> {
  const server = await withMysql(place, ctx, describeServer)
  const program = await programFor('client', server, ctx)
  const defaults = await writeDefaultsFile(place, program.family, server.encrypted, ctx)
  try {
    await play({ program, defaults }, place.database as string, [Readable.from([sql])], ctx, 'The masking SQL')
  } finally {
    await defaults.remove()
  }
}
