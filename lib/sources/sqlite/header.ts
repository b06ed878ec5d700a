import { open } from 'node:fs/promises'

export type Kind = 'no database' | 'with a write-ahead log' | 'without one'

export const NO_DATABASE = 'it is no SQLite database, or it is encrypted'

/** By the first bytes of the file (sqlite.org/fileformat.html, 1.3); an empty file is an empty database. */
export async function kindOf(path: string): Promise<Kind> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(20), 0, 20, 0)
    if (bytesRead === 0) return 'without one'
    if (buffer.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'no database'
    return buffer[18] === 2 ? 'with a write-ahead log' : 'without one'
  } finally {
    await file.close()
  }
}

/** Copying one of this size takes about a second. */
const NOTICEABLE_BYTES = 100 * 1024 * 1024

/** A warning for large databases in which a reader keeps the writers waiting. */
export function blockingOf(databases: readonly { path: string; bytes: number; kind: Kind }[]): string[] {
  const paths = databases.filter(({ kind, bytes }) => kind === 'without one' && bytes > NOTICEABLE_BYTES)
  return paths.map(
    ({ path }) =>
      `${path} has no write-ahead log: who writes into it waits while it is copied. PRAGMA journal_mode = WAL ends that.`,
  )
}
