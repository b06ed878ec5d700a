import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GET } from '#app/api/backup-log/route.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { removeOldLogs } from './logs.ts'

let home: Installation
const DAY_MS = 86_400_000

beforeAll(async () => {
  home = await openInstallation({ LOG_RETENTION_DAYS: '30' })
  setRuntime(home.runtime)
})
afterAll(() => home?.close())
beforeEach(async () => {
  await home.runtime.prisma.setting.deleteMany()
})

describe('old logs', () => {
  async function backup(daysAgo: number, isEnded = true) {
    const at = new Date(Date.now() - daysAgo * DAY_MS)
    const { id } = await home.runtime.prisma.backup.create({
      data: {
        ...{ type: 'FULL', origin: 'API', environments: ['test'], compressionLevel: 5, createdAt: at },
        ...(isEnded ? { state: 'SUCCEEDED' as const, finishedAt: at } : { state: 'RUNNING' as const }),
        events: {
          create: [
            { seq: 1, kind: 'STATE', state: 'RUNNING' },
            { seq: 2, kind: 'PROGRESS', progress: {} },
            { seq: 3, kind: 'LOG', level: 'INFO', message: 'a line' },
          ],
        },
      },
    })
    return id
  }
  const kinds = async (backupId: string) =>
    (await home.runtime.prisma.backupEvent.findMany({ where: { backupId }, orderBy: { seq: 'asc' } })).map(
      ({ kind }) => kind,
    )
  const all = ['STATE', 'PROGRESS', 'LOG']

  it('of restores go as well, how they ended stays', async () => {
    const { prisma } = home.runtime
    const { source } = await home.addFiles('notes', { 'a.txt': 'a' })
    const repository = await prisma.repository.findFirstOrThrow()
    const { id: runId } = await prisma.backupRun.create({
      data: {
        ...{ backupId: await backup(50), sourceId: source.id, repositoryId: repository.id, compressionLevel: 5 },
        ...{ state: 'SUCCEEDED', snapshotId: 'a'.repeat(64) },
      },
    })
    const restore = async (folder: string, days: number | null) => {
      const { id } = await prisma.restore.create({
        data: {
          ...{ runId, folder, requestedFolder: folder, requestedBy: 'a@example.org', lastSeq: 2 },
          finishedAt: days === null ? null : new Date(Date.now() - days * DAY_MS),
          state: days === null ? 'QUEUED' : 'SUCCEEDED',
          events: {
            create: [
              { seq: 1, kind: 'STATE', state: 'QUEUED' },
              { seq: 2, kind: 'LOG', level: 'INFO', message: 'a line' },
            ],
          },
        },
      })
      return id
    }
    const ids = [await restore('/a', 31), await restore('/b', 29), await restore('/c', null)]
    await removeOldLogs(home.runtime)
    const left = await Promise.all(ids.map((restoreId) => prisma.restoreEvent.count({ where: { restoreId } })))
    expect(left).toEqual([1, 2, 2])
  })

  it('go when their days are over, progress after one; how it ended stays', async () => {
    const [today, week, month] = [await backup(0.5), await backup(7), await backup(31)]
    await removeOldLogs(home.runtime)
    expect(await kinds(today)).toEqual(all)
    expect(await kinds(week)).toEqual(['STATE', 'LOG'])
    expect(await kinds(month)).toEqual(['STATE'])
    const later = { ...home.runtime, clock: { ...home.runtime.clock, now: () => new Date(Date.now() + 25 * DAY_MS) } }
    await removeOldLogs(later)
    expect(await kinds(week)).toEqual(['STATE'])
    expect(await kinds(today)).toEqual(['STATE', 'LOG'])
  })

  it('stay for ever where that was asked for', async () => {
    const month = await backup(31)
    await removeOldLogs({ ...home.runtime, config: { LOG_RETENTION_DAYS: 0 } })
    expect(await kinds(month)).toEqual(['STATE', 'LOG'])
  })

  it('of a backup that goes on are not touched, and are when it has ended', async () => {
    const running = await backup(50, false)
    const after = await backup(45)
    await removeOldLogs(home.runtime)
    expect(await kinds(running)).toEqual(all)
    expect(await kinds(after)).toEqual(all)
    const data = { state: 'SUCCEEDED', finishedAt: new Date() } as const
    await home.runtime.prisma.backup.update({ where: { id: running }, data })
    await removeOldLogs(home.runtime)
    expect(await kinds(running)).toEqual(['STATE'])
    expect(await kinds(after)).toEqual(['STATE'])
  })

  it('are removed of more than one part of a long history', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, at) => backup(40 + Math.floor(at / 3))))
    await home.runtime.prisma.backup.createMany({
      data: Array.from({ length: 1200 }, (_, at) => ({
        ...{ type: 'FULL' as const, origin: 'API' as const, environments: ['test'], compressionLevel: 5 },
        state: 'SUCCEEDED' as const,
        createdAt: new Date(Date.now() - 50 * DAY_MS + at * 1000),
        finishedAt: new Date(),
      })),
    })
    await removeOldLogs(home.runtime)
    for (const id of ids) expect(await kinds(id)).toEqual(['STATE'])
  })
})

describe('the log of a backup', () => {
  const get = async (id: string, headers: Record<string, string> = {}) =>
    GET(new Request(`http://localhost/api/backup-log?id=${id}`, { headers }))

  it('is downloaded whole, a line for each line, by those who may read it', async () => {
    await home.startWorker()
    const { source } = await home.addFiles('uploads', { a: 'a' })
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
    await home.ended(id)
    const { lastSeq } = await home.runtime.prisma.backup.findUniqueOrThrow({ where: { id } })
    await home.runtime.prisma.backupEvent.createMany({
      data: Array.from({ length: 2500 }, (_, at) => ({
        ...{
          backupId: id,
          seq: lastSeq + 1 + at,
          kind: 'LOG' as const,
          level: 'DEBUG' as const,
          message: `line ${at}\n"x"`,
        },
      })),
    })
    expect((await get(id)).status).toBe(401)
    const request = { email: home.admin.email, scopes: ['backup:read' as const], days: 1, name: 'test' }
    const { token } = await createToken(home.runtime, request)
    const headers = { authorization: `Bearer ${token.reveal()}` }
    for (const wrong of ['x', '01890000-0000-7000-8000-000000000000'])
      expect((await get(wrong, headers)).status).toBe(404)
    const response = await get(id, headers)
    expect(response.headers.get('content-disposition')).toContain(`backup-${id}.ndjson`)
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map(({ seq }) => seq).toSorted((a, b) => a - b))
    expect(lines.at(-1)).toMatchObject({ level: 'DEBUG', message: 'line 2499\n"x"' })
    expect(lines.filter(({ message }) => /^line \d+\n/.test(message))).toHaveLength(2500)
    expect(lines.some((line) => line.state === 'SUCCEEDED' && line.source === 'uploads')).toBe(true)
  })
})
