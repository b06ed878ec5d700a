import { type MysqlClient, quoteName } from '../connections/mysql.ts'
import { type DatabaseDescription, holdsRows } from './server.ts'

/** Rows per table, all at one moment as far as their engines have transactions. */
export async function countRows(
  client: MysqlClient,
  database: DatabaseDescription,
  ignored: readonly string[],
): Promise<Record<string, number>> {
  await client.rows('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await client.rows('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  const counts: Record<string, number> = {}
  for (const table of database.tables) {
    if (!holdsRows(table) || ignored.includes(table.name)) continue
    const sql = `SELECT COUNT(*) AS n FROM ${quoteName(database.name)}.${quoteName(table.name)}`
    const [row] = await client.rows<{ n: string | number }>(sql)
    counts[table.name] = Number(row?.n)
  }
  await client.rows('COMMIT')
  return counts
}
