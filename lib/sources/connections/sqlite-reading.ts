import { accessSync, closeSync, constants, existsSync, openSync, readSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** With what a database is opened that is only read. Never creates what is not there. */
export function readingUrl(path: string): URL {
  const url = pathToFileURL(path)
  url.searchParams.set('mode', mustWrite(path) ? 'rw' : 'ro')
  return url
}

/**
 * Nothing is ever written into a database that is only read, but SQLite itself has housekeeping to do. A reader of a
 * database with a write-ahead log makes the files -wal and -shm where nobody has it open, and only one that may write
 * removes them when it is the last to leave: otherwise they stay, as ours, and the application may not be able to use them.
 * What a crashed application left half-written (-journal) can be read only after it is rolled back, as the application
 * itself would.
 */
function mustWrite(path: string): boolean {
  const isAlone = !existsSync(`${path}-wal`) || !existsSync(`${path}-shm`)
  if (!(hasWriteAheadLog(path) && isAlone) && !existsSync(`${path}-journal`)) return false
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** By the file's header (sqlite.org/fileformat.html, 1.3.3). Before the file is opened: closing it drops all locks on it. */
function hasWriteAheadLog(path: string): boolean {
  const header = Buffer.alloc(20)
  try {
    const file = openSync(path, 'r')
    try {
      return readSync(file, header, 0, 20, 0) === 20 && header[18] === 2
    } finally {
      closeSync(file)
    }
  } catch {
    return false // SQLite says what is wrong with it
  }
}
