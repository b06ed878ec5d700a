import type { ByHand } from '../driver.ts'
import { foundFile, shellWord } from '../shell-text.ts'
import { databaseOfPlace, GLOBALS, type PostgresSettings } from './settings.ts'

/** Databases are made anew, with their encoding, locale, owner and rights: roles come first. */
export const byHand: ByHand<PostgresSettings> = (settings, { folder, part }) => {
  const server = `-h ${shellWord(settings.host)} -p ${settings.port}`
  const signIn = '# PGUSER and PGPASSWORD are those of an account that may make roles and databases.'
  if (part === GLOBALS)
    return [
      signIn,
      '# Roles that are there are reported and passed over, but ALTER ROLE and GRANT change them, too: read the file first.',
      `psql ${server} -d ${shellWord(settings.maintenanceDatabase)} -f ${foundFile(folder, 'globals.sql')}`,
    ]
  return [
    signIn,
    `# The database ${shellWord(databaseOfPlace(settings, { part }))} must not be there; a damaged one: ALTER DATABASE … RENAME TO … first.`,
    `pg_restore ${server} --exit-on-error --create -d ${shellWord(settings.maintenanceDatabase)} ${foundFile(folder, '*.dump')}`,
  ]
}
