import { randomBytes } from 'node:crypto'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { addSource } from '#lib/environments/sources.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { mountSmallDisk, smallDiskMissing } from '#lib/testing/small-disk.ts'
import type { Source } from '#prisma/client/client.ts'
import { findingsOf } from './findings.ts'

let home: Installation

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
})
afterAll(() => home?.close())
beforeEach(async () => {
  await home.runtime.prisma.rateHit.deleteMany()
})

/** The rules that speak for a run of the source, with their first evidence. */
async function rulesAfter(source: Source, type = source.type): Promise<Record<string, string>> {
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type, sourceIds: [source.id] })
  const { runs } = await home.ended(id)
  const run = runs.at(-1)
  expect(run?.state).not.toBe('SUCCEEDED')
  const findings = await findingsOf(home.runtime.prisma, run as NonNullable<typeof run>)
  return Object.fromEntries(findings.map(({ rule, evidence }) => [rule, evidence[0] ?? '']))
}

const source = (kind: string, settings: Record<string, unknown>) =>
  addSource(home.runtime.prisma, home.runtime.secretKey, {
    environmentId: home.environmentId,
    name: randomBytes(4).toString('hex'),
    kind,
    settings,
  })
const ofServer = () => {
  const url = new URL(home.databaseUrl.reveal())
  const host = url.searchParams.get('host') ?? url.hostname
  return {
    host,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }
}

/** Each of these is brought about with the real tool, so that the rule fits what that says today. */
describe('the log of a run', () => {
  it('shows that a file is no SQLite database', async () => {
    const path = join(home.folder, 'files', 'noise.sqlite')
    await writeFile(path, randomBytes(8192))
    expect(await rulesAfter(await source('sqlite', { path }))).toHaveProperty('sqlite-not-a-database')
  })

  it('shows that nothing listens there, and that a name is unknown', async () => {
    const settings = { ...ofServer(), database: 'shop' }
    expect(await rulesAfter(await source('postgres', { ...settings, host: '127.0.0.1', port: 1 }))).toHaveProperty(
      'network-refused',
    )
    expect(await rulesAfter(await source('postgres', { ...settings, host: 'nowhere.invalid' }))).toHaveProperty(
      'network-name',
    )
  })

  it('shows that there is no such database, and that a password is wrong', async () => {
    const missing = await source('postgres', { ...ofServer(), database: 'not_there' })
    expect(await rulesAfter(missing)).toHaveProperty('postgres-database-missing')
    const wrong = await source('postgres', { ...ofServer(), database: 'postgres', password: 'wrong' })
    expect(await rulesAfter(wrong)).toHaveProperty('postgres-password')
  })

  it('shows that the repository is gone, and that its password is another', async () => {
    const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
    const { source: files } = await home.addFiles('plain', { a: 'a' })
    await rename(location, `${location}.away`)
    expect(await rulesAfter(files)).toHaveProperty('restic-repository-missing')
    await rename(`${location}.away`, location)
    await rename(join(location, 'keys'), `${location}.keys`)
    await rm(join(location, 'keys'), { recursive: true, force: true })
    const rules = await rulesAfter(files)
    await rename(`${location}.keys`, join(location, 'keys'))
    expect(rules).toHaveProperty('restic-wrong-password')
  })

  if (process.getuid?.() !== 0)
    it('shows what may not be read', async () => {
      const { source: files, path } = await home.addFiles('closed', { a: 'a', b: 'b' })
      await chmod(join(path, 'b'), 0)
      const rules = await rulesAfter(files)
      expect(rules['permission-denied']).toContain(join(path, 'b'))
    })

  if (!smallDiskMissing)
    it('shows that the disk of the repository is full', async () => {
      const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
      const { source: files } = await home.addFiles('large', { noise: randomBytes(6_000_000).toString('hex') })
      const folder = join(location, 'data')
      await rename(folder, `${folder}.away`)
      const disk = await mountSmallDisk(folder, 4)
      try {
        expect(await rulesAfter(files)).toHaveProperty('disk-full')
      } finally {
        disk.unmount()
        await rm(folder, { recursive: true })
        await rename(`${folder}.away`, folder)
      }
    })
})
