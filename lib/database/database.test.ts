import { cp, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Config, readConfig } from '#lib/config/config.ts'
import { openBundledPostgres } from './bundled-postgres.ts'
import { makeDataDir, openDatabase } from './database.ts'

let home: string
let config: Config
const running = () =>
  stat(join(config.DATA_DIR, 'postgres/postmaster.pid')).then(
    () => true,
    () => false,
  )

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'database-')))
  config = readConfig({ DATA_DIR: join(home, 'data') })
  await makeDataDir(config.DATA_DIR)
})
afterEach(async () => {
  if (await running()) await (await openBundledPostgres(config.DATA_DIR)).stop()
  await rm(home, { recursive: true, force: true })
})

describe('the data folder', () => {
  it('has one owner, who is named to the next; tools are guests and leave the server running', async () => {
    const owner = await openDatabase(config, 'required')
    expect(owner).toMatchObject({ owner: true })
    expect(owner.applied).not.toEqual([])

    await expect(openDatabase(config, 'required')).rejects.toThrow(
      expect.objectContaining({
        code: 'DATA_DIR_IN_USE',
        details: { dataDir: config.DATA_DIR, holder: `backup-trigger pid ${process.pid}` },
      }),
    )

    const guest = await openDatabase(config, 'optional')
    expect(guest).toMatchObject({ owner: false, applied: [] })
    await guest.close()
    expect(await owner.prisma.user.count()).toBe(0)

    await owner.close()
    expect(await running()).toBe(false)

    const tool = await openDatabase(config, 'optional')
    expect(tool).toMatchObject({ owner: true, applied: [] })
    await tool.close()
    expect(await running()).toBe(false)
  })

  it('is given back, with its server ended, when the migrations do not fit', async () => {
    const migrations = join(home, 'prisma/migrations')
    await cp(join(config.projectRoot, 'prisma/migrations'), migrations, { recursive: true })
    await mkdir(join(migrations, '29990101000000_bad'))
    await writeFile(join(migrations, '29990101000000_bad/migration.sql'), 'select 1 / 0')
    const bad = { ...config, projectRoot: home }
    await expect(openDatabase(bad, 'required')).rejects.toThrow(expect.objectContaining({ code: 'MIGRATION_CONFLICT' }))
    expect(await running()).toBe(false)
    const mended = await openDatabase(config, 'required')
    expect(mended.owner).toBe(true)
    await mended.close()
  })

  it('makes no server of its own when it is given one', async () => {
    const other = join(home, 'other')
    await makeDataDir(other)
    const server = await openBundledPostgres(other)
    try {
      const given = readConfig({ DATA_DIR: config.DATA_DIR, DATABASE_URL: server.url.reveal() })
      const database = await openDatabase(given, 'required')
      expect(database.owner).toBe(false)
      expect(await database.prisma.user.count()).toBe(0)
      await database.close()
      expect(await running()).toBe(false)
      expect(await readFile(join(other, 'postgres/postmaster.pid'), 'utf8')).not.toBe('')
    } finally {
      await server.stop()
    }
  })
})
