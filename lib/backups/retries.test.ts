import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addSource } from '#lib/environments/sources.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
let folder: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'backup-trigger-commands-')))
  const file = join(folder, 'commands.json')
  const backup = { program: '/bin/sleep', arguments: ['60'] }
  await writeFile(file, JSON.stringify({ commands: [{ name: 'slow', backup }] }), { mode: 0o600 })
  home = await openInstallation({ COMMANDS_FILE: file })
  await home.startWorker()
})
afterAll(async () => {
  await home?.close()
  await rm(folder, { recursive: true, force: true })
})

it('a run that takes longer than its plan allows is stopped and tried again, and the backup fails with the last attempt', async () => {
  const { prisma, secretKey } = home.runtime
  const settings = { command: 'slow' }
  await addSource(prisma, secretKey, { environmentId: home.environmentId, name: 'slow', kind: 'command', settings })
  const of = { retries: 1, retryPauseSeconds: 1, timeLimitSeconds: 1 }
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE' }, of)
  const { state, runs } = await home.ended(id)
  expect(state).toBe('FAILED')
  expect(runs).toMatchObject([
    { attempt: 1, state: 'FAILED', errorCode: 'RUN_TOO_LONG', notBefore: null },
    { attempt: 2, state: 'FAILED', errorCode: 'RUN_TOO_LONG', notBefore: expect.any(Date) },
  ])
  const second = runs[1] as BackupRun
  expect((second.startedAt as Date) >= (second.notBefore as Date)).toBe(true)
})
