import type { MariadbServer } from '#lib/testing/mariadb-server.ts'

/** Everything that a database is made of, in the server's own words, with its rows as bytes. */
export async function databaseContent(server: MariadbServer, database: string): Promise<Record<string, unknown>> {
  const rows = (sql: string) => server.query(sql, database)
  const list = async (sql: string) => (await rows(sql)).map((row) => String(Object.values(row)[0]))
  const where = (column: string) => `WHERE ${column} = '${database}' ORDER BY 1`
  const tables = (await list('SHOW TABLES')).map((table) => `\`${table}\``)
  const checksums = tables.length === 0 ? [] : await rows(`CHECKSUM TABLE ${tables.join(', ')}`)
  const content: Record<string, unknown> = {
    database: await rows(
      `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA ${where('SCHEMA_NAME')}`,
    ),
    checksums: checksums.map((row) => String(row.Checksum)),
  }
  for (const [what, names] of [
    ['TABLE', `SELECT TABLE_NAME FROM information_schema.TABLES ${where('TABLE_SCHEMA')}`],
    ['TRIGGER', `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS ${where('TRIGGER_SCHEMA')}`],
    ['EVENT', `SELECT EVENT_NAME FROM information_schema.EVENTS ${where('EVENT_SCHEMA')}`],
    [
      'PROCEDURE',
      `SELECT ROUTINE_NAME FROM information_schema.ROUTINES ${where("ROUTINE_TYPE = 'PROCEDURE' AND ROUTINE_SCHEMA")}`,
    ],
    [
      'FUNCTION',
      `SELECT ROUTINE_NAME FROM information_schema.ROUTINES ${where("ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA")}`,
    ],
  ] as const)
    for (const name of await list(names)) {
      const [row] = await rows(`SHOW CREATE ${what} \`${name}\``)
      const { Created: _, ...said } = row ?? {}
      content[`${what} ${name}`] = said
    }
  return content
}
