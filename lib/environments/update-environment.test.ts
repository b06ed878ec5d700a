import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { deleteSource } from './change.ts'
import { createEnvironment } from './create.ts'
import { deleteEnvironment, updateEnvironment } from './update-environment.ts'

let home: Installation
const refusal = (code: string) => expect.objectContaining({ code })
const update = (input: object) => updateEnvironment(home.runtime, home.admin, input)
const create = (name: string, more: object = {}) => createEnvironment(home.runtime, home.admin, { name, ...more })
const names = async () =>
  (await home.runtime.prisma.environment.findMany({ orderBy: { position: 'asc' } })).map((one) => one.name)

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

describe('changing an environment', () => {
  it('changes what is given, leaves the rest, and writes who did it', async () => {
    const { id: repositoryId } = await home.runtime.prisma.repository.findFirstOrThrow()
    const made = await create('staging', { colour: 'amber' })
    const changed = await update({ id: made.id, name: 'stage', timeZone: 'Europe/Berlin', repositoryId })
    expect(changed).toMatchObject({ name: 'stage', colour: 'amber', timeZone: 'Europe/Berlin', repositoryId })
    expect(
      await home.runtime.prisma.auditEvent.findFirstOrThrow({ where: { action: 'environment.update' } }),
    ).toMatchObject({ targetId: made.id, details: { name: 'stage', timeZone: 'Europe/Berlin', repositoryId } })
  })

  it('is still taken by the plans that name it when it gets another name', async () => {
    const made = await create('before')
    const plan = await home.runtime.prisma.plan.create({
      data: { name: 'both', selection: { environments: ['test', 'before'], types: [], tags: ['before'] } },
    })
    await update({ id: made.id, name: 'after' })
    expect(await home.runtime.prisma.plan.findUniqueOrThrow({ where: { id: plan.id } })).toMatchObject({
      selection: { environments: ['test', 'after'], types: [], tags: ['before'] },
    })
    await deleteEnvironment(home.runtime, home.admin, made.id)
  })

  it('moves it among the others', async () => {
    const { id } = await create('last')
    expect(await names()).toEqual(['test', 'stage', 'last'])
    await update({ id, position: 0 })
    expect(await names()).toEqual(['last', 'test', 'stage'])
    await update({ id, position: 99 })
    expect(await names()).toEqual(['test', 'stage', 'last'])
  })

  it.each([
    ['a name that is taken', { name: 'test' }, 'NAME_TAKEN'],
    ['a zone that is none', { timeZone: 'Europe/Atlantis' }, 'INPUT_INVALID'],
    ['a repository that is none', { repositoryId: '00000000-0000-7000-8000-000000000000' }, 'REPOSITORY_UNKNOWN'],
  ])('refuses %s', async (_what, input, code) => {
    const { id } = await home.runtime.prisma.environment.findFirstOrThrow({ where: { name: 'stage' } })
    await expect(update({ id, ...input })).rejects.toThrow(refusal(code))
  })
})

describe('a protected environment', () => {
  it('keeps its protection, its sources and itself unless its name is repeated', async () => {
    const { id } = await create('production', { protected: true })
    const { source } = await home.addFiles('uploads', { 'a.txt': 'a' })
    await home.runtime.prisma.source.update({ where: { id: source.id }, data: { environmentId: id } })
    const remove = (confirmed?: string) => deleteSource(home.runtime, home.admin, source.id, confirmed)
    await expect(remove()).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    await expect(remove('Production')).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    await expect(update({ id, protected: false })).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    await expect(deleteEnvironment(home.runtime, home.admin, id)).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    expect(await home.runtime.prisma.source.findUniqueOrThrow({ where: { id: source.id } })).toMatchObject({
      deletedAt: null,
    })
    expect(await remove('production')).toMatchObject({ deletedAt: expect.any(Date) })
    expect(await update({ id, protected: false, confirmEnvironment: 'production' })).toMatchObject({ protected: false })
  })
})

describe('deleting an environment', () => {
  it('refuses one with a history, even of deleted sources', async () => {
    const { id } = await home.runtime.prisma.environment.findFirstOrThrow({ where: { name: 'production' } })
    await expect(deleteEnvironment(home.runtime, home.admin, id)).rejects.toThrow(refusal('ENVIRONMENT_IN_USE'))
  })

  it('deletes one that never had a source', async () => {
    const { id } = await home.runtime.prisma.environment.findFirstOrThrow({ where: { name: 'last' } })
    await deleteEnvironment(home.runtime, home.admin, id)
    expect(await names()).not.toContain('last')
    await expect(deleteEnvironment(home.runtime, home.admin, id)).rejects.toThrow(refusal('ENVIRONMENT_UNKNOWN'))
  })

  it('is not for operators', async () => {
    const { id } = await home.runtime.prisma.environment.findFirstOrThrow({ where: { name: 'stage' } })
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    await expect(deleteEnvironment(home.runtime, operator, id)).rejects.toThrow(refusal('FORBIDDEN'))
  })
})
