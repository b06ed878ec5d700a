import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import type { Repository } from '#prisma/client/client.ts'
import { passwordOf, secretsOf } from './access.ts'
import { createRepository } from './create.ts'
import { updateRepository } from './update.ts'

let home: Installation
let server: RcloneServer
let repository: Repository
const refusal = (code: string) => expect.objectContaining({ code })
const issues = (...paths: string[]) =>
  expect.objectContaining({ details: { issues: paths.map((path) => expect.objectContaining({ path })) } })
const stored = () => home.runtime.prisma.repository.findUniqueOrThrow({ where: { id: repository.id } })
const update = (input: object) => updateRepository(home.runtime, home.admin, { id: repository.id, ...input })
const place = (path: string) => ({ url: `http://127.0.0.1:${server.port}`, path, user: server.user })
const add = (name: string, password: string) =>
  createRepository(home.runtime, home.admin, {
    name,
    kind: 'rest',
    settings: { ...place(name), password: server.password },
    password,
  })

beforeAll(async () => {
  home = await openInstallation()
  server = await startRcloneServer('restic')
  repository = await add('first', 'the same for two')
  await add('second', 'the same for two')
})
afterAll(async () => {
  await server?.stop()
  await home?.close()
})
beforeEach(() => home.runtime.prisma.repository.update({ where: { id: repository.id }, data: { resticId: null } }))

describe('new settings', () => {
  it('are taken when the same repository opens there, with the stored secrets and password', async () => {
    await cp(join(server.folder, 'first'), join(server.folder, 'copied'), { recursive: true })
    const moved = await update({ settings: place('copied') })
    expect(moved.location).toMatch(/\/copied\/$/)
    expect(moved).toMatchObject({ settings: place('copied'), resticId: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(secretsOf(home.runtime.secretKey, moved)).toEqual({ password: server.password })
    expect(passwordOf(home.runtime.secretKey, moved).reveal()).toBe('the same for two')
    const [event] = await home.runtime.prisma.auditEvent.findMany({ where: { action: 'repository.update' } })
    expect(event?.details).toEqual({ name: 'first', settingsChanged: true, optionsChanged: false })
  })

  it('are taken when the old place is gone', async () => {
    await rename(join(server.folder, 'copied'), join(server.folder, 'renamed'))
    expect(await update({ settings: place('renamed') })).toMatchObject({ settings: place('renamed') })
  })

  it.each([
    ['another repository is there, though its password is the same', () => place('second'), 'REPOSITORY_IS_ANOTHER'],
    ['nothing is there', () => place('nothing'), 'REPOSITORY_MISSING'],
    ['the server refuses', () => ({ ...place('first'), password: 'wrong' }), 'REPOSITORY_ACCESS_DENIED'],
    ['they are no settings', () => ({ url: 'ftp://x' }), 'INPUT_INVALID'],
  ])('are refused when %s, and change nothing', async (_title, settings, code) => {
    const before = await stored()
    await expect(update({ name: 'other', settings: settings() })).rejects.toThrow(refusal(code))
    expect(await stored()).toEqual(before)
  })

  it('are measured by the id that was seen, once the old place does not answer any more', async () => {
    const { resticId } = await update({
      settings: { ...place('renamed'), password: server.password, user: server.user },
    })
    expect(resticId).toBeNull() // the very same settings need no look
    await update({ settings: place('first') })
    await rename(join(server.folder, 'first'), join(server.folder, 'away'))
    await expect(update({ settings: place('second') })).rejects.toThrow(refusal('REPOSITORY_IS_ANOTHER'))
  })
})

describe('a name and options', () => {
  it('are changed without a look', async () => {
    await server.kill()
    expect(await update({ name: 'nightly', options: { checkEveryDays: 1 } })).toMatchObject({
      name: 'nightly',
      options: { checkEveryDays: 1 },
    })
    expect(await update({ options: {} })).toMatchObject({ name: 'nightly', options: {} })
    await server.revive()
  })

  it('are refused where they are wrong or taken', async () => {
    await expect(update({ options: { windowFrom: '01:00' } })).rejects.toThrow(issues('options.windowTo'))
    await expect(update({ options: { tapes: 1 } })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(update({ name: 'second' })).rejects.toThrow(refusal('NAME_TAKEN'))
    await expect(update({ id: 'none' })).rejects.toThrow(refusal('REPOSITORY_UNKNOWN'))
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    await expect(updateRepository(home.runtime, operator, { id: repository.id, name: 'x' })).rejects.toThrow(
      refusal('FORBIDDEN'),
    )
  })
})
