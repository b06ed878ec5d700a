import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client

beforeAll(async () => {
  home = await openInstallation()
  client = await serveClient(home, 'restore-document')
  await home.addFiles('notes', { 'a.txt': 'a' })
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

test('a restore document is printed, or kept in a new file of its owner', async () => {
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  await home.runtime.prisma.backupRun.updateMany({ data: { state: 'SUCCEEDED', snapshotId: 'aa11' } })
  const { stdout } = await client.run([id])
  expect(stdout).toContain("restic restore aa11 --sparse --target './restored/1-test-notes'")
  const file = join(home.folder, 'restore.md')
  expect(await client.run([id, '--out', file])).toMatchObject({ code: 0 })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toContain('restic restore aa11')
  expect(await client.run([id, '--out', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('new file') })
})

test('of a backup that nobody knows there is none', async () => {
  expect(await client.run(['nowhere'])).toMatchObject({ code: 1, stderr: expect.stringContaining('BACKUP_UNKNOWN') })
})
