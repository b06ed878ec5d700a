/** `npm run migration -- add-plans`: writes the migration that brings the committed ones up to prisma/schema.prisma, to be read and completed by hand. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBundledPostgres } from '../lib/database/bundled-postgres.ts'
import { missingMigration } from './migration-engine.ts'

const name = process.argv[2]
if (!name || !/^[a-z0-9-]+$/.test(name)) {
  console.error('Give the migration a name of small letters, digits and hyphens: npm run migration -- add-plans')
  process.exit(1)
}
const dataDir = await mkdtemp(join(tmpdir(), 'backup-trigger-migration-'))
const postgres = await openBundledPostgres(dataDir)
try {
  const sql = await missingMigration(postgres.url.reveal())
  if (sql === '') console.log('The migrations already make the schema; nothing was written.')
  else {
    const stamp = new Date(performance.timeOrigin).toISOString().replace(/\D/g, '').slice(0, 14)
    const folder = new URL(`../prisma/migrations/${stamp}_${name.replaceAll('-', '_')}/`, import.meta.url)
    await mkdir(folder)
    await writeFile(new URL('migration.sql', folder), sql)
    console.log(`Written: ${folder.pathname}migration.sql`)
  }
} finally {
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}
process.exit(0) // the engine keeps its connections open
