import { z } from 'zod'
import type { DatabaseDescription, ServerDescription } from './server.ts'

/**
 * The first line of every dump of ours: a comment of SQL with what the program itself leaves out. A dump that is played
 * into a database of another name or default character set would otherwise not bring back the same.
 */
const header = z.object({
  database: z.string(),
  characterSet: z.string().regex(/^\w+$/),
  collation: z.string().regex(/^\w+$/),
  server: z.string(),
})
export type DumpHeader = z.infer<typeof header>

const PREFIX = '-- system-backup-trigger '

export function headerLine(database: DatabaseDescription, server: ServerDescription): string {
  const { name, characterSet, collation } = database
  const content: DumpHeader = { database: name, characterSet, collation, server: `${server.family} ${server.version}` }
  return `${PREFIX}${JSON.stringify(content)}\n`
}

/** Null when the line is none of ours. */
export function parseHeader(line: string): DumpHeader | null {
  if (!line.startsWith(PREFIX)) return null
  try {
    return header.parse(JSON.parse(line.slice(PREFIX.length)))
  } catch {
    return null
  }
}

/** The last line of a dump that is complete. The date follows where it was not suppressed. */
export const COMPLETION_MARK = /^-- Dump completed\b.*$/
