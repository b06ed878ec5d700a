/** What may stand in a statement of a script and hold a semicolon: a name, a text with or without escapes, a comment, a command of psql's. */
const PIECES = /"(?:[^"]|"")*"|E'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|--[^\n]*|\\[^\n]*|;|[^"'E;\\-]+|[\s\S]/gy

/** The statements of a script that pg_dumpall or pg_restore wrote, without their semicolons, comments and psql's own commands. */
export function splitStatements(script: string): string[] {
  const statements: string[] = []
  let statement = ''
  for (const [piece] of script.matchAll(PIECES)) {
    if (piece.startsWith('--') || piece.startsWith('\\')) continue
    if (piece !== ';') statement += piece
    else {
      statements.push(statement.trim())
      statement = ''
    }
  }
  return statements
}
