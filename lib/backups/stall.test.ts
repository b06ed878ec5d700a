import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation

beforeAll(async () => {
  home = await openInstallation({ STALL_TIMEOUT: '1' })
})
afterAll(() => home.close())

test('a run in which nothing moves is ended as FAILED, and the next one works', async () => {
  const { binary, ...restic } = await home.runtime.restic()
  const standing = join(home.folder, 'standing-restic')
  await writeFile(standing, `#!/bin/sh\nif [ "$1" = backup ]; then exec sleep 600; fi\nexec '${binary}' "$@"\n`)
  await chmod(standing, 0o755)
  const real = home.runtime.restic
  home.runtime.restic = async () => ({ ...restic, binary: standing })
  await home.addFiles('uploads', { 'a.txt': 'a' })
  await home.startWorker()

  const stalled = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  const ended = await home.ended(stalled.id)
  expect(ended.runs[0]).toMatchObject({ state: 'FAILED', errorCode: 'SOURCE_STALLED', snapshotId: null })

  home.runtime.restic = real
  const next = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  expect((await home.ended(next.id)).state).toBe('SUCCEEDED')
})
