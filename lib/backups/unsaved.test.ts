import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openAccess } from '#lib/repositories/access.ts'
import { openRestic } from '#lib/restic/restic.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
let folder: string

/** A restic under which a file vanishes while it is saved and, while `broken` exists, no snapshot can be listed. */
async function wrapper(): Promise<string> {
  const toolsDir = join(import.meta.dirname, '../../.tools/bin')
  const { binary } = await openRestic({ binary: process.env.RESTIC_BINARY, toolsDir, cacheDir: folder })
  const script = `#!/bin/sh
case "$1" in
  backup) rm -f '${folder}/files/vanishing'/*.tmp ;;
  ls) [ -e '${folder}/broken' ] && { touch '${folder}/refused'; exit 1; } ;;
esac
exec '${binary}' "$@"
`
  const path = join(folder, 'restic')
  await writeFile(path, script)
  await chmod(path, 0o755)
  return path
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'unsaved-')))
  home = await openInstallation({ RESTIC_BINARY: await wrapper(), STORAGE_ROOTS: folder })
  await home.startWorker()
})
afterAll(async () => {
  await home?.close()
  await rm(folder, { recursive: true, force: true })
})

it('ends FAILED and keeps no snapshot when nobody can tell what is missing in it', async () => {
  const { runtime, admin } = home
  const path = join(folder, 'files/vanishing')
  const { source } = await home.addFiles('vanishing', {})
  const settings = { ...(source.settings as object), paths: [path] }
  await runtime.prisma.source.update({ where: { id: source.id }, data: { settings } })
  const run = async () => {
    await mkdir(path, { recursive: true })
    for (const name of ['stays', 'goes.tmp']) await writeFile(join(path, name), name)
    const { id } = await triggerBackup(runtime, admin, 'API', { type: 'STORAGE' })
    return (await home.ended(id)).runs[0]
  }
  const snapshots = async () => {
    const repository = await runtime.prisma.repository.findFirstOrThrow()
    await using access = await openAccess(runtime, repository)
    return (await listSnapshots(await runtime.restic(), access)).map((snapshot) => snapshot.id)
  }

  await writeFile(join(folder, 'broken'), '')
  expect(await run()).toMatchObject({ state: 'FAILED', errorCode: 'RESTIC_FAILED', snapshotId: null })
  expect(await snapshots()).toEqual([])
  await rm(join(folder, 'refused')) // throws when the fault did not come about

  await rm(join(folder, 'broken'))
  const after = await run()
  expect(after).toMatchObject({ state: 'PARTIAL', errorCode: 'FILES_UNREADABLE' })
  expect(after?.errorMessage).toContain('goes.tmp')
  expect(await snapshots()).toEqual([after?.snapshotId])
})
