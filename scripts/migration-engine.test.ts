import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openBundledPostgres } from '#lib/database/bundled-postgres.ts'
import { missingMigration } from './migration-engine.ts'

it('finds nothing missing between the committed migrations and the schema', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'backup-trigger-migration-'))
  const postgres = await openBundledPostgres(dataDir)
  try {
    expect(await missingMigration(postgres.url.reveal())).toBe('')
  } finally {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
})
