import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupRun, Source } from '#prisma/client/client.ts'
import { changesSinceGood } from './changes.ts'

const HOUR_MS = 3_600_000
const start = Date.now() - 100 * HOUR_MS

let home: Installation
let source: Source
beforeAll(async () => {
  home = await openInstallation()
  source = (await home.addFiles('shop', { a: 'a' })).source
})
afterAll(() => home?.close())

/** A run that began and ended in this hour, and what its driver logged first. */
async function ran(hour: number, state: 'SUCCEEDED' | 'FAILED', more: Partial<BackupRun> = {}, says?: string) {
  const { prisma } = home.runtime
  const at = new Date(start + hour * HOUR_MS)
  const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
  const kind = { type: 'FULL' as const, origin: 'API' as const, environments: ['test'], compressionLevel: 5, state }
  const backup = await prisma.backup.create({ data: { ...kind, createdAt: at, finishedAt: at } })
  const run = await prisma.backupRun.create({
    data: {
      ...{ backupId: backup.id, sourceId: source.id, repositoryId, state, compressionLevel: 5 },
      ...{ queuedAt: at, startedAt: at, finishedAt: new Date(+at + 60_000), worker: 'alpha:17' },
      snapshotId: state === 'SUCCEEDED' ? 'a'.repeat(64) : null,
      ...(more as object),
    },
  })
  const line = { kind: 'LOG' as const, level: 'INFO' as const, runId: run.id, backupId: backup.id }
  const lines = ['connects', says ?? 'pg_dump 16.4 (/usr/bin/pg_dump) for PostgreSQL 16.4', `3 tables in ${hour} ms`]
  await prisma.backupEvent.createMany({ data: lines.map((message, i) => ({ ...line, message, seq: i + 1 })) })
  return run
}
const did = (hour: number, action: string, targetType: string, targetId: string) =>
  home.runtime.prisma.auditEvent.create({
    data: { action, targetType, targetId, actor: 'ops@example.org', at: new Date(start + hour * HOUR_MS) },
  })

it('what changed before the first failure is named, and nothing else', async () => {
  const { prisma } = home.runtime
  const alone = await ran(1, 'FAILED')
  expect(await changesSinceGood(prisma, alone)).toBeNull() // it was never good
  const good = await ran(2, 'SUCCEEDED', { bytesTotal: 1000n, filesTotal: 10n })
  expect(await changesSinceGood(prisma, good)).toBeNull()
  await did(3, 'source.update', 'source', source.id)
  await did(3.5, 'source.update', 'source', 'another')
  await did(3.6, 'settings.change', 'setting', 'compression_level')
  const says = 'pg_dump 16.4 (/usr/bin/pg_dump) for PostgreSQL 17.1'
  const first = await ran(4, 'FAILED', { worker: 'beta:18', bytesTotal: 5000n, filesTotal: 11n }, says)
  await did(5, 'environment.update', 'environment', home.environmentId)
  const second = await ran(6, 'FAILED', { worker: 'gamma:18' }, says)

  const found = await changesSinceGood(prisma, second)
  expect([found?.good.id, found?.firstFailure.id]).toEqual([good.id, first.id])
  expect(found?.changes.map(({ what, before, now, by }) => [what, before, now, by])).toEqual([
    ['The program and the server', 'pg_dump 16.4 (/usr/bin/pg_dump) for PostgreSQL 16.4', says, null],
    ['The worker’s machine', 'alpha', 'beta', null],
    ['How much there is to read, in bytes', '1000', '5000', null],
    ['A setting was changed: compression_level', null, null, 'ops@example.org'],
    ['The source was changed', null, null, 'ops@example.org'],
  ])
  await ran(7, 'SUCCEEDED')
  const later = await ran(8, 'FAILED', { worker: 'alpha:99' })
  expect((await changesSinceGood(prisma, later))?.changes).toEqual([])
})
