import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { deleteSource, setSourceEnabled, updateSource } from './change.ts'
import { createSource } from './create.ts'
import { openSecrets, openSource } from './sources.ts'

let home: Installation
beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())
beforeEach(async () => {
  await home.runtime.prisma.backup.deleteMany()
  await home.runtime.prisma.rateHit.deleteMany()
})

const refusal = (code: string) => expect.objectContaining({ code })
const issues = (...paths: string[]) =>
  expect.objectContaining({
    code: 'INPUT_INVALID',
    details: { issues: paths.map((path) => ({ path, problem: expect.stringMatching(/./) })) },
  })
const audited = async (id: string) => {
  const events = await home.runtime.prisma.auditEvent.findMany({ where: { targetId: id }, orderBy: { at: 'asc' } })
  return events.map((event) => event.action)
}
const database = { host: '127.0.0.1', port: 1, database: 'shop', user: 'backup' }
const stored = (id: string) => home.runtime.prisma.source.findUniqueOrThrow({ where: { id } })
async function addUnreachable(name: string) {
  const settings = { ...database, password: 'hunter2-hunter2' }
  const input = { environment: 'test', name, kind: 'postgres', settings, untested: true }
  return (await createSource(home.runtime, home.admin, input)).source
}
const operator = () => ({ ...home.admin, role: 'OPERATOR' as const })

describe('changing a source', () => {
  it('looks at the new settings first and keeps the old ones when they cannot be read', async () => {
    const { source, path } = await home.addSqlite('changed', 3)
    const missing = { path: `${path}.none` }
    const change = (input: object) => updateSource(home.runtime, home.admin, { id: source.id, ...input })
    await expect(change({ settings: missing })).rejects.toThrow(refusal('PATH_NOT_FOUND'))
    expect((await stored(source.id)).settings).toEqual({ path })

    const other = await home.addSqlite('other', 1)
    expect((await change({ settings: { path: other.path }, name: 'renamed' })).probe?.summary).not.toBe('')
    expect(await stored(source.id)).toMatchObject({ name: 'renamed', settings: { path: other.path } })

    expect((await change({ settings: missing, untested: true })).probe).toBeNull()
    expect((await stored(source.id)).settings).toEqual(missing)
    // What does not touch the settings needs no look.
    expect((await change({ name: 'again' })).probe).toBeNull()
    expect(await audited(source.id)).toEqual(['source.update', 'source.update', 'source.update'])
  })

  it('names each field that is wrong', async () => {
    const { source } = await home.addSqlite('named', 1)
    const change = (input: object) => updateSource(home.runtime, home.admin, { id: source.id, ...input })
    await expect(change({ settings: { path: 'relative' } })).rejects.toThrow(issues('settings.path'))
    await expect(change({ name: '' })).rejects.toThrow(issues('name'))
    await expect(change({ name: 'named', settings: [] })).rejects.toThrow(issues('settings'))
    const exports = [{ name: 'a', table: '' }]
    const input = {
      environment: 'test',
      name: 'x',
      kind: 'user-data',
      settings: { connection: { kind: 'sqlite' }, exports },
    }
    await expect(createSource(home.runtime, home.admin, input)).rejects.toThrow(
      issues('settings.connection.path', 'settings.exports.0.table'),
    )
  })

  it('keeps a secret that is left out, and seals a new one', async () => {
    const source = await addUnreachable('secret')
    const change = (settings: object) =>
      updateSource(home.runtime, home.admin, { id: source.id, settings, untested: true })
    const secrets = async () => openSecrets(await stored(source.id), home.runtime.secretKey)

    await change({ ...database, database: 'other' })
    expect(await secrets()).toEqual({ password: 'hunter2-hunter2' })
    expect((await stored(source.id)).settings).toEqual({ ...database, database: 'other' })
    await change({ ...database, password: 'another-secret' })
    expect(await secrets()).toEqual({ password: 'another-secret' })
    expect(JSON.stringify(await stored(source.id))).not.toContain('another-secret')
    await change({ ...database, password: null })
    expect(await secrets()).toEqual({})
    expect((await stored(source.id)).sealedSecrets).toBeNull()
    expect(openSource(await stored(source.id), home.runtime.secretKey).settings).not.toHaveProperty('password')
  })

  it('is refused to an operator, for a name that is taken and for an unknown source', async () => {
    const { source } = await home.addSqlite('taken', 1)
    const { source: second } = await home.addSqlite('second', 1)
    const change = (input: object, actor = home.admin) => updateSource(home.runtime, actor, input)
    await expect(change({ id: second.id, name: 'taken' })).rejects.toThrow(refusal('NAME_TAKEN'))
    await expect(change({ id: source.id, name: 'x' }, operator())).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(change({ id: home.admin.userId, name: 'x' })).rejects.toThrow(refusal('SOURCE_UNKNOWN'))
    await expect(change({ id: "' or 1=1", name: 'x' })).rejects.toThrow(refusal('SOURCE_UNKNOWN'))
  })
})

describe('disabling a source', () => {
  it('leaves it out of backups until it is enabled again', async () => {
    const { source } = await home.addSqlite('switched', 1)
    const trigger = () => triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
    await setSourceEnabled(home.runtime, home.admin, source.id, false)
    await expect(trigger()).rejects.toThrow(refusal('SOURCE_DISABLED'))
    await setSourceEnabled(home.runtime, home.admin, source.id, true)
    expect(await trigger()).toMatchObject({ state: 'QUEUED' })
    await expect(setSourceEnabled(home.runtime, operator(), source.id, false)).rejects.toThrow(refusal('FORBIDDEN'))
    expect(await audited(source.id)).toEqual(['source.disable', 'source.enable'])
  })
})

describe('deleting a source', () => {
  it('is refused while a backup of it is queued or running', async () => {
    const { source } = await home.addSqlite('busy', 1)
    const backup = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
    await expect(deleteSource(home.runtime, home.admin, source.id)).rejects.toThrow(
      expect.objectContaining({ code: 'SOURCE_IN_USE', remedy: expect.stringContaining(backup.id) }),
    )
    expect((await stored(source.id)).deletedAt).toBeNull()
  })

  it('keeps its history, forgets its secrets and frees its name', async () => {
    const source = await addUnreachable('gone')
    const repository = await home.runtime.prisma.repository.findFirstOrThrow()
    await home.runtime.prisma.backup.create({
      data: {
        ...{ type: 'DATABASE', state: 'SUCCEEDED', origin: 'API', environments: ['test'], compressionLevel: 5 },
        runs: {
          create: {
            sourceId: source.id,
            repositoryId: repository.id,
            state: 'SUCCEEDED',
            snapshotId: 'abc',
            compressionLevel: 5,
          },
        },
      },
    })
    await expect(deleteSource(home.runtime, operator(), source.id)).rejects.toThrow(refusal('FORBIDDEN'))
    await deleteSource(home.runtime, home.admin, source.id)
    expect(await stored(source.id)).toMatchObject({ name: 'gone', sealedSecrets: null, enabled: false })
    expect(await home.runtime.prisma.backupRun.count({ where: { sourceId: source.id } })).toBe(1)
    expect(await audited(source.id)).toEqual(['source.create', 'source.delete'])

    await expect(deleteSource(home.runtime, home.admin, source.id)).rejects.toThrow(refusal('SOURCE_UNKNOWN'))
    await expect(updateSource(home.runtime, home.admin, { id: source.id, name: 'x' })).rejects.toThrow(
      refusal('SOURCE_UNKNOWN'),
    )
    await expect(
      triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] }),
    ).rejects.toThrow(refusal('SOURCE_UNKNOWN'))
    const again = await addUnreachable('gone')
    expect(again.id).not.toBe(source.id)
    await expect(addUnreachable('gone')).rejects.toThrow(refusal('NAME_TAKEN'))
  })
})
