import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Backup, BackupRun, Source } from '#prisma/client/client.ts'
import { record } from './record.ts'

let home: Installation
let source: Source
let repositoryId: string

beforeAll(async () => {
  home = await openInstallation()
  source = (await home.addFiles('uploads', { 'a.txt': 'a' })).source
  repositoryId = (await home.runtime.prisma.repository.findFirstOrThrow()).id
})
afterAll(() => home?.close())

const backup = (): Promise<Backup> =>
  home.runtime.prisma.backup.create({
    data: { type: 'STORAGE', origin: 'API', environments: ['test'], compressionLevel: 5 },
  })
async function run(changes: Partial<Omit<BackupRun, 'tables'>>): Promise<BackupRun> {
  const { id: backupId } = await backup()
  return home.runtime.prisma.backupRun.create({
    data: { backupId, sourceId: source.id, repositoryId, compressionLevel: 5, ...changes },
  })
}
const entry = { action: 'token.revoke', target: { type: 'token', id: 'x' } } as const

describe('the audit log', () => {
  it('has who did what to what, from where', async () => {
    const actor = { ...home.admin, address: '192.0.2.1' }
    await record(home.runtime.prisma, { ...entry, actor, details: { reason: 'lost', scopes: ['backup:read'] } })
    expect(await home.runtime.prisma.auditEvent.findFirstOrThrow({ where: { action: 'token.revoke' } })).toMatchObject({
      actorId: home.admin.userId,
      actor: home.admin.email,
      address: '192.0.2.1',
      targetType: 'token',
      targetId: 'x',
      details: { reason: 'lost', scopes: ['backup:read'] },
    })
  })

  it('has nothing of a deed that was rolled back', async () => {
    const { prisma } = home.runtime
    const before = await prisma.auditEvent.count()
    const deed = prisma.$transaction(async (tx) => {
      await record(tx, { ...entry, actor: home.admin })
      throw new Error('changed my mind')
    })
    await expect(deed).rejects.toThrow('changed my mind')
    expect(await prisma.auditEvent.count()).toBe(before)
  })

  it('outlives the user', async () => {
    const { prisma } = home.runtime
    const user = await prisma.user.create({ data: { email: 'gone@example.org', passwordHash: 'x' } })
    await record(prisma, { action: 'sign-in', actor: { userId: user.id, email: user.email, address: null } })
    await prisma.user.delete({ where: { id: user.id } })
    expect(await prisma.auditEvent.count({ where: { actorId: user.id, actor: user.email } })).toBe(1)
  })
})

describe('the database itself refuses', () => {
  it('two active runs of one source, queued or running, but not a new one after the old has ended', async () => {
    const first = await run({ state: 'QUEUED' })
    await expect(run({ state: 'QUEUED' })).rejects.toThrow(expect.objectContaining({ code: 'P2002' }))
    const claimed = { claimId: crypto.randomUUID(), heartbeatAt: new Date(0) }
    await expect(run({ state: 'RUNNING', ...claimed })).rejects.toThrow(expect.objectContaining({ code: 'P2002' }))
    await home.runtime.prisma.backupRun.update({ where: { id: first.id }, data: { state: 'CANCELLED' } })
    const second = await run({ state: 'QUEUED' })
    await home.runtime.prisma.backupRun.update({ where: { id: second.id }, data: { state: 'CANCELLED' } })
  })

  it.each(['SUCCEEDED', 'PARTIAL'] as const)('a run that is %s without a snapshot', async (state) => {
    await expect(run({ state })).rejects.toThrow(/backup_runs_good_has_snapshot/)
    expect((await run({ state, snapshotId: 'a'.repeat(64) })).state).toBe(state)
  })

  it('a running run that nobody claimed', async () => {
    await expect(run({ state: 'RUNNING' })).rejects.toThrow(/backup_runs_running_is_claimed/)
  })

  it.each([0, 10])('the compression level %d', async (compressionLevel) => {
    const { id } = await backup()
    await expect(home.runtime.prisma.backup.update({ where: { id }, data: { compressionLevel } })).rejects.toThrow(
      /backups_compression_level_range/,
    )
  })

  it('a second default repository', async () => {
    const second = {
      name: 'second',
      kind: 'local',
      location: '/nowhere',
      settings: {},
      sealedPassword: 'x',
      isDefault: true,
    }
    await expect(home.runtime.prisma.repository.create({ data: second })).rejects.toThrow(
      expect.objectContaining({ code: 'P2002' }),
    )
  })
})
