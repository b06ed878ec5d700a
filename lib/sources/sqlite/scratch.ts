import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { askSqlite } from '../connections/sqlite.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import type { ScratchPlace } from '../scratch-place.ts'
import type { SqliteSettings } from './settings.ts'

/** Copies of the restored files in the scratch folder, put there as a restore puts them. */
export async function openScratch(
  settings: SqliteSettings,
  ctx: DriverContext,
  restore: (folder: string, target: string) => Promise<RestoreReceipt>,
): Promise<ScratchPlace> {
  const target = join(ctx.scratch, 'restored')
  await mkdir(target, { mode: 0o700 })
  const { path } = settings
  return {
    title: 'SQLite, copies of the restored files',
    load: (folder) => restore(folder, target),
    // `load` has asked for PRAGMA integrity_check of each file already, and rejects where there is a problem.
    check: async () => [{ what: 'PRAGMA integrity_check of each file', problem: null }],
    ...(path !== undefined && { ask: (sql: string) => ask(join(target, path), sql, ctx) }),
    close: async () => {}, // the scratch folder goes
  }
}

async function ask(path: string, sql: string, ctx: DriverContext): Promise<string | null> {
  let answer: string | null | undefined
  await askSqlite({ command: 'ask', path, sql }, ctx, (line) => {
    if ('answer' in line) answer = line.answer
  })
  if (answer === undefined) throw new CodedError('SOURCE_QUERY_FAILED', { name: sql, reason: 'there was no answer' })
  return answer
}
