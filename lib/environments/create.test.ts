import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { createEnvironment, createSource } from './create.ts'
import { openSource } from './sources.ts'

let home: Installation
beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())
const refusal = (code: string) => expect.objectContaining({ code })
const create = (input: object) => createSource(home.runtime, home.admin, { environment: 'test', ...input })

describe('adding an environment', () => {
  it('puts it after the others and writes who did it', async () => {
    const made = await createEnvironment(home.runtime, home.admin, { name: 'production', protected: true })
    expect(made).toMatchObject({ name: 'production', protected: true, position: 1 })
    expect(await home.runtime.prisma.auditEvent.findFirst({ where: { targetId: made.id } })).toMatchObject({
      action: 'environment.create',
      actor: home.admin.email,
    })
  })

  it('refuses a name twice, a bad one, and somebody who is no administrator', async () => {
    await expect(createEnvironment(home.runtime, home.admin, { name: 'production' })).rejects.toThrow(
      refusal('NAME_TAKEN'),
    )
    await expect(createEnvironment(home.runtime, home.admin, { name: 'a/b' })).rejects.toThrow(refusal('INPUT_INVALID'))
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    await expect(createEnvironment(home.runtime, operator, { name: 'x' })).rejects.toThrow(refusal('FORBIDDEN'))
  })
})

describe('adding a source', () => {
  it('looks at it first and says what it found', async () => {
    const { path } = await home.addSqlite('seen', 3)
    const { source, probe } = await create({ name: 'added', kind: 'sqlite', settings: { path } })
    expect(source).toMatchObject({ type: 'DATABASE', kind: 'sqlite' })
    expect(probe?.summary).not.toBe('')
  })

  const outside = '/etc'
  it('refuses what cannot be backed up, and keeps nothing of it', async () => {
    const count = await home.runtime.prisma.source.count()
    const missing = { path: join(home.folder, 'files/none.sqlite') }
    await expect(create({ name: 'a', kind: 'sqlite', settings: missing })).rejects.toThrow(refusal('PATH_NOT_FOUND'))
    await expect(create({ name: 'a', kind: 'oracle', settings: {} })).rejects.toThrow(refusal('SOURCE_KIND_UNKNOWN'))
    await expect(create({ name: 'a', kind: 'sqlite', settings: {} })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(create({ name: 'a', kind: 'files', settings: { paths: [outside] } })).rejects.toThrow(
      refusal('PATH_NOT_ALLOWED'),
    )
    await expect(create({ name: 'a', environment: 'none', kind: 'files', settings: {} })).rejects.toThrow(
      refusal('ENVIRONMENT_UNKNOWN'),
    )
    const here = { paths: [join(home.folder, 'files')] }
    await expect(create({ name: 'added', kind: 'files', settings: here })).rejects.toThrow(refusal('NAME_TAKEN'))
    expect(await home.runtime.prisma.source.count()).toBe(count)
  })

  it('seals the password: no column holds it, and only the driver gets it back', async () => {
    await mkdir(join(home.folder, 'files/x'), { recursive: true })
    const settings = { host: 'db.example.org', database: 'shop', user: 'backup', password: 'hunter2-hunter2' }
    const deps = { ...home.runtime, config: { ...home.runtime.config, ROLE: 'web' as const } }
    const { source } = await createSource(deps, home.admin, {
      environment: 'test',
      name: 'pg',
      kind: 'postgres',
      settings,
    })
    expect(JSON.stringify(source)).not.toContain('hunter2')
    const opened = openSource(source, home.runtime.secretKey)
    expect((opened.settings as { password: { reveal(): string } }).password.reveal()).toBe('hunter2-hunter2')
    expect(JSON.stringify(opened.settings)).not.toContain('hunter2')
  })
})
