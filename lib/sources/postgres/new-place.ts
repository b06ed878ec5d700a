import { CodedError } from '#lib/errors/coded-error.ts'
import { postgresFields } from '../connections/postgres.ts'
import { type DriverContext, databaseOfPart } from '../driver.ts'
import { databaseExists } from './create-database.ts'
import { type PostgresSettings, postgresSettings } from './settings.ts'

/** A database that the server does not have yet; it is made as the saved one was. */
export const newPlace = {
  what: 'database',
  name: postgresFields.database,
  async open(settings: PostgresSettings, name: string, ctx: DriverContext): Promise<PostgresSettings> {
    if (ctx.part !== '' && databaseOfPart(ctx.part) === null) throw new CodedError('SOURCE_PART_UNKNOWN', ctx)
    const { host, port, user, password, sslMode, sslRootCert, maintenanceDatabase } = settings
    const place = { host, port, user, password, sslMode, sslRootCert, maintenanceDatabase, database: name }
    const parsed = postgresSettings.parse(place)
    if (await databaseExists(parsed, name, ctx))
      throw new CodedError('RESTORE_TARGET_NOT_EMPTY', {
        target: `The database “${name}”`,
        holds: ['it is there already'],
      })
    return parsed
  },
} as const
