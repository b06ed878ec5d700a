import type { ByHand } from '../driver.ts'
import { foundFile, shellWord } from '../shell-text.ts'
import type { ExportSettings, UserDataSettings } from './settings.ts'

/** Each export into its table, a query's into one of its own name; tables must be there, without these rows. */
export const byHand: ByHand<UserDataSettings> = ({ connection, exports }, { folder }) => [
  '# Only where the rows are gone and no database above brought them back: tables must be there, and without these rows.',
  `exports="$(dirname ${foundFile(folder, 'manifest.json')})"`,
  ...exports.map((one) =>
    connection.kind === 'postgres' ? intoPostgres(connection, one) : intoSqlite(connection, one),
  ),
]

const tableOf = (one: ExportSettings): string => ('table' in one ? one.table : one.name)

function intoPostgres(at: { host: string; port: number; database: string }, one: ExportSettings): string {
  const [first = '', ...rest] = tableOf(one).split('.')
  const table = [first, ...(rest.length > 0 ? [rest.join('.')] : [])].map((name) => `"${name.replaceAll('"', '""')}"`)
  const copy = `COPY ${table.join('.')} FROM STDIN (FORMAT csv, HEADER)`
  const into = `-h ${shellWord(at.host)} -p ${at.port} -d ${shellWord(at.database)}`
  return `psql ${into} -v ON_ERROR_STOP=1 -c ${shellWord(copy)} < "$exports/${one.name}.csv"`
}

/** The shell of SQLite reads NULL as an empty text. It splits its own words at spaces and takes quotes around them. */
function intoSqlite(at: { path: string }, one: ExportSettings): string {
  const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  const command = `.import --csv --skip 1 "/dev/stdin" ${quoted(tableOf(one))}`
  return `sqlite3 ${shellWord(at.path)} ${shellWord(command)} < "$exports/${one.name}.csv"`
}
