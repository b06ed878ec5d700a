import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { startNotifications } from '#lib/notifications/start.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type MailServer, startMailServer } from '#lib/testing/mail-server.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import type { Repository } from '#prisma/client/client.ts'
import { probeRepositories } from './probe.ts'
import { startTask } from './tasks.ts'
import { startUpkeep } from './upkeep.ts'

let home: Installation
let mail: MailServer
let server: RcloneServer
let repository: Repository
const { signal } = new AbortController()
const repositories = () => home.runtime.prisma.repository
const row = () => repositories().findUniqueOrThrow({ where: { id: repository.id } })
const change = (data: object) => repositories().update({ where: { id: repository.id }, data })
const ago = (seconds: number) => new Date(home.runtime.clock.now().getTime() - seconds * 1000)
const look = () => probeRepositories(home.runtime, signal)
const lookNow = async () => {
  await change({ probedAt: null })
  await look()
  return row()
}
const subjects = async (count: number) => (await mail.has(count)).map((message) => message.subject)

beforeAll(async () => {
  mail = await startMailServer()
  server = await startRcloneServer('restic')
  home = await openInstallation({ SMTP_URL: mail.url, PUBLIC_URL: 'https://backup.example.org' })
  repository = await createRepository(home.runtime, home.admin, {
    name: 'offsite',
    kind: 'rest',
    settings: { url: `http://127.0.0.1:${server.port}`, user: server.user, password: server.password },
  })
  await setNotificationRecipients(home.runtime.prisma, home.admin, ['ops@example.org'])
  await startNotifications(home.runtime)
})
afterAll(async () => {
  await home?.close()
  await Promise.all([mail?.close(), server?.stop()])
})
beforeEach(() => {
  mail.received.length = 0
})

describe('a look at a repository', () => {
  it('is due every five minutes, and a minute after a first failure', async () => {
    await look()
    const seen = await row()
    expect(seen).toMatchObject({ unreachableSince: null, failedLooks: 0, resticId: expect.any(String) })
    const isDue = async (data: object) => {
      const { probedAt } = await change(data)
      await look()
      return (await row()).probedAt?.getTime() !== probedAt?.getTime()
    }
    expect(await isDue({ probedAt: ago(290) })).toBe(false)
    expect(await isDue({ probedAt: ago(301) })).toBe(true)
    expect(await isDue({ probedAt: ago(50), failedLooks: 1 })).toBe(false)
    expect(await isDue({ probedAt: ago(61), failedLooks: 1 })).toBe(true)
    expect(await isDue({ probedAt: null, initialisedAt: null })).toBe(false)
    await change({ initialisedAt: ago(0) })
  })

  it('tells people when it does not answer twice in a row, once, and when it answers again', async () => {
    await server.kill()
    await change({ probedAt: null })
    await Promise.all([look(), look(), look()])
    const first = await row()
    expect(first).toMatchObject({ problemCode: 'REPOSITORY_UNREACHABLE', failedLooks: 1 })
    expect(first.unreachableSince).toEqual(first.probedAt)
    await lookNow()
    expect(await subjects(1)).toEqual(['Repository offsite cannot be used'])
    expect(await lookNow()).toMatchObject({ failedLooks: 3, unreachableSince: first.unreachableSince })
    expect(mail.received[0]?.text).toContain('ECONNREFUSED')

    await server.revive()
    expect(await lookNow()).toMatchObject({ unreachableSince: null, problemCode: null, failedLooks: 0 })
    await lookNow()
    expect(await subjects(2)).toEqual(['Repository offsite cannot be used', 'Repository offsite can be used again'])
    const told = await home.runtime.prisma.delivery.findMany({
      where: { notification: { repositoryId: repository.id } },
    })
    expect(told.map((delivery) => delivery.recipient)).toEqual(['ops@example.org', 'ops@example.org'])
  })

  it('tells nobody of a hiccup', async () => {
    await server.kill()
    const hiccup = await lookNow()
    expect(hiccup).toMatchObject({ failedLooks: 1 })
    await server.revive()
    expect(await lookNow()).toMatchObject({ failedLooks: 0, unreachableSince: null, problemCode: null })
    // Had it been told, then before this: the queue keeps its order.
    await server.kill()
    await lookNow()
    await lookNow()
    expect(await subjects(1)).toEqual(['Repository offsite cannot be used'])
    await server.revive()
    await lookNow()
    await subjects(2)
    const key = `repository ${repository.id} unreachable ${hiccup.unreachableSince?.toISOString()}`
    expect(await home.runtime.prisma.delivery.count({ where: { notification: { key } } })).toBe(0)
  })

  it('sees that another repository lies there', async () => {
    const { resticId } = await row()
    await change({ resticId: 'f'.repeat(64) })
    expect(await lookNow()).toMatchObject({ problemCode: 'REPOSITORY_IS_ANOTHER', resticId: 'f'.repeat(64) })
    await change({ resticId })
    expect(await lookNow()).toMatchObject({ problemCode: null })
  })

  it('is taken although a task of the repository is being queued', async () => {
    const { probedAt } = await change({ probedAt: null })
    await home.runtime.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`select 1 from repositories where id = ${repository.id}::uuid for key share`
      await look()
    })
    expect((await row()).probedAt).not.toEqual(probedAt)
  })

  it('is taken by each worker', async () => {
    await change({ probedAt: null })
    const upkeep = startUpkeep(home.runtime)
    await expect.poll(async () => (await row()).probedAt, { timeout: 40_000 }).not.toBeNull()
    await upkeep.stop()
  })
})

describe('people', () => {
  const check = () => startTask(home.runtime, home.admin, { repositoryId: repository.id, kind: 'CHECK' })

  it('are told of damage, and of a task that failed for good', async () => {
    await home.runtime.prisma.repositoryTask.deleteMany()
    await home.startMaintenance()
    const local = await repositories().findFirstOrThrow({ where: { isDefault: true } })
    const { sealedPassword } = await row()
    await change({ sealedPassword: local.sealedPassword }) // of another context: it cannot be opened
    await check()
    const [failed] = await mail.has(1)
    expect(failed?.subject).toBe('The integrity check of repository offsite failed')
    expect(failed?.text).toContain('(SECRET_UNREADABLE)')
    await change({ sealedPassword })

    // A snapshot that names a tree which is not there.
    await home.addFiles('notes', { a: 'a' })
    await home.runtime.prisma.source.updateMany({ data: { repositoryId: repository.id } })
    await home.startWorker()
    const backup = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
    expect(await home.ended(backup.id)).toMatchObject({ state: 'SUCCEEDED' })
    for (const name of await readdir(join(server.folder, 'data')))
      await rm(join(server.folder, 'data', name), { recursive: true })
    mail.received.length = 0
    await check()
    await expect
      .poll(() => mail.received.map((message) => message.subject), { timeout: 30_000 })
      .toContain('Repository offsite is damaged')
    const told = mail.received.find((message) => message.subject?.includes('damaged'))
    expect(told?.text).toMatch(/^- .+/m)
    expect(told?.text).toContain('Touches: backups of notes')
    expect(told?.html).toContain('/repositories/')
  })
})
