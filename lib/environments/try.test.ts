import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { createSource } from './create.ts'
import { expectedSeconds } from './duration.ts'
import { discoverSource, previewSource, testSource } from './try.ts'

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
const operator = () => ({ ...home.admin, role: 'OPERATOR' as const })

describe('testing a source', () => {
  it('says what is there, how big it is and how long it takes', async () => {
    const { source, path } = await home.addSqlite('tested', 100)
    const size = (await readFile(path)).length
    const first = await testSource(home.runtime, operator(), { id: source.id })
    expect(first).toMatchObject({ parts: null, expectedSeconds: null, warnings: [] })
    expect(first.summary).not.toBe('')
    expect(first.bytes).toBeGreaterThanOrEqual(size)

    await past(source.id, [10, 30, 2000])
    expect((await testSource(home.runtime, operator(), { id: source.id })).expectedSeconds).toBe(30)
    expect(await audited(source.id)).toEqual(['source.test', 'source.test'])
    expect(await home.runtime.prisma.auditEvent.findFirst({ where: { targetId: source.id } })).toMatchObject({
      actor: home.admin.email,
      details: { kind: 'sqlite', changed: false },
    })
  })

  it('takes a candidate, and names the fields that are wrong', async () => {
    const { path } = await home.addSqlite('candidate', 1)
    const test = (input: object) => testSource(home.runtime, home.admin, input)
    expect((await test({ environment: 'test', kind: 'sqlite', settings: { path } })).expectedSeconds).toBeNull()
    const bad = { environment: 'test', kind: 'postgres', settings: { host: '', port: 0, database: 'a', user: 'b' } }
    await expect(test(bad)).rejects.toThrow(issues('settings.host', 'settings.port'))
    await expect(test({ environment: 'test', kind: 'oracle', settings: {} })).rejects.toThrow(
      refusal('SOURCE_KIND_UNKNOWN'),
    )
    await expect(test({ environment: '', kind: 'sqlite', settings: { path } })).rejects.toThrow(issues('environment'))
    await expect(test({})).rejects.toThrow(refusal('INPUT_INVALID'))
    await writeFile(
      join(home.folder, 'files/no.sqlite'),
      'this is no database, and long enough to be looked at'.repeat(9),
    )
    const noDatabase = { path: join(home.folder, 'files/no.sqlite') }
    await expect(test({ environment: 'test', kind: 'sqlite', settings: noDatabase })).rejects.toThrow(
      refusal('SOURCE_DAMAGED'),
    )
  })

  it('lets an operator test what is saved, and nothing else', async () => {
    const { source, path } = await home.addSqlite('for operators', 1)
    const test = (input: object) => testSource(home.runtime, operator(), input)
    await expect(test({ id: source.id, settings: { path } })).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(test({ environment: 'test', kind: 'sqlite', settings: { path } })).rejects.toThrow(
      refusal('FORBIDDEN'),
    )
    const viewer = { ...home.admin, role: 'VIEWER' as const }
    await expect(testSource(home.runtime, viewer, { id: source.id })).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(testSource(home.runtime, null, { id: source.id })).rejects.toThrow(refusal('UNAUTHENTICATED'))
  })

  it('is refused where another worker makes the backups, which does not keep anybody from adding it', async () => {
    const { path } = await home.addSqlite('elsewhere', 1)
    for (const other of [{ ROLE: 'web' as const }, { WORKER_ENVIRONMENTS: ['production'] }]) {
      const deps = { ...home.runtime, config: { ...home.runtime.config, ...other } }
      const input = { environment: 'test', kind: 'sqlite', settings: { path } }
      await expect(testSource(deps, home.admin, input)).rejects.toThrow(refusal('SOURCE_OUT_OF_SIGHT'))
      const missing = { path: `${path}.none` }
      const name = `remote ${Object.keys(other)[0]}`
      expect((await createSource(deps, home.admin, { ...input, name, settings: missing })).probe).toBeNull()
    }
  })

  it('refuses discovery and preview to kinds that have none', async () => {
    const of = (kind: string) => ({ environment: 'test', kind, settings: {} })
    await expect(discoverSource(home.runtime, home.admin, of('files'))).rejects.toThrow(
      refusal('SOURCE_LOOK_UNSUPPORTED'),
    )
    await expect(previewSource(home.runtime, home.admin, of('postgres'))).rejects.toThrow(
      refusal('SOURCE_LOOK_UNSUPPORTED'),
    )
  })
})

describe('how long a backup takes', () => {
  it.each<[string, number[], number | null]>([
    ['nothing is known without one', [], null],
    ['one says it', [7], 7],
    ['the middle one of three', [5, 1, 100], 5],
    ['the mean of the middle two of four', [1, 2, 4, 100], 3],
  ])('%s', async (title, seconds, expected) => {
    const { source } = await home.addSqlite(`took ${title}`, 1)
    await past(source.id, seconds)
    expect(await expectedSeconds(home.runtime.prisma, source.id)).toBe(expected)
  })

  it('counts a backup of several parts from its first start to its last end, and no narrowed or failed one', async () => {
    const { source } = await home.addSqlite('took parts', 1)
    await past(source.id, [1], { state: 'FAILED' })
    await past(source.id, [1], { storagePath: '/srv' })
    expect(await expectedSeconds(home.runtime.prisma, source.id)).toBeNull()
    await past(source.id, [2], { part: 'database:a' })
    expect(await expectedSeconds(home.runtime.prisma, source.id)).toBe(2)
    const backup = await past(source.id, [10], { part: 'database:a' })
    await addRun(backup, source.id, 30, { part: 'database:b' })
    expect(await expectedSeconds(home.runtime.prisma, source.id)).toBe(30)
  })
})

type Run = { state?: 'FAILED'; part?: string; storagePath?: string }

/** Backups of the past that took so many seconds each; the id of the last. */
async function past(sourceId: string, seconds: number[], run: Run = {}): Promise<string> {
  let last = ''
  for (const one of seconds) {
    const state = run.state ?? ('SUCCEEDED' as const)
    const data = {
      type: 'DATABASE' as const,
      origin: 'API' as const,
      environments: ['test'],
      compressionLevel: 5,
      state,
    }
    last = (await home.runtime.prisma.backup.create({ data })).id
    await addRun(last, sourceId, one, run)
  }
  return last
}

async function addRun(backupId: string, sourceId: string, seconds: number, run: Run): Promise<void> {
  const repository = await home.runtime.prisma.repository.findFirstOrThrow()
  const start = Date.UTC(2025, 5, 2)
  await home.runtime.prisma.backupRun.create({
    data: {
      ...{
        backupId,
        sourceId,
        repositoryId: repository.id,
        compressionLevel: 5,
        state: 'SUCCEEDED',
        snapshotId: 'abc',
        ...run,
      },
      startedAt: new Date(start),
      finishedAt: new Date(start + seconds * 1000),
    },
  })
}
