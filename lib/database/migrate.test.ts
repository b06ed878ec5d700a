import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { type BundledPostgres, openBundledPostgres } from './bundled-postgres.ts'
import { makeDataDir } from './database.ts'
import { migrate } from './migrate.ts'

let home: string
let server: BundledPostgres
let count = 0
let url: Secret
let folder: string
const product = join(import.meta.dirname, '../../prisma/migrations')
const conflict = (migration: string, problem: string) =>
  expect.objectContaining({ code: 'MIGRATION_CONFLICT', details: { migration, problem } })

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'migrate-')))
  await makeDataDir(join(home, 'data'))
  server = await openBundledPostgres(join(home, 'data'))
})
afterAll(async () => {
  await server?.stop()
  await rm(home, { recursive: true, force: true })
})
beforeEach(async () => {
  count++
  await query(server.url, `create database test${count}`)
  url = new Secret(server.url.reveal().replace(/postgres$/, `test${count}`))
  folder = join(home, `migrations${count}`)
  await mkdir(folder)
  await writeFile(join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await write('1_one', 'create table one (id int); insert into one values (1);')
  await write('2_two', 'create table two (id int);')
})

async function query(at: Secret, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: at.reveal() })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
async function write(name: string, sql: string) {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, 'migration.sql'), sql)
}
const names = async () => {
  const rows = await query(url, 'select migration_name as name from _prisma_migrations order by 1')
  return rows.map((row) => row.name)
}
const exists = async (table: string) =>
  (await query(url, `select to_regclass('${table}') is not null as yes`))[0]?.yes as boolean

describe('migrating', () => {
  it('applies the migrations of the product to a fresh database', async () => {
    const applied = await migrate(url, product)
    expect(applied[0]).toBe('20261123000000_foundation')
    expect(await names()).toEqual(applied)
    expect(await exists('backup_runs')).toBe(true)
  })

  it('applies in name order, what is new only, and answers what that was', async () => {
    expect(await migrate(url, folder)).toEqual(['1_one', '2_two'])
    expect(await migrate(url, folder)).toEqual([])
    await write('3_three', 'create table three as select * from one;')
    expect(await migrate(url, folder)).toEqual(['3_three'])
    expect(await query(url, 'select id from three')).toEqual([{ id: 1 }])
  })

  it('applies each once when three processes start at once', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => migrate(url, folder)))
    expect(answers.flat().sort()).toEqual(['1_one', '2_two'])
    expect(await names()).toEqual(['1_one', '2_two'])
    expect(await query(url, 'select id from one')).toEqual([{ id: 1 }])
  })

  it('refuses when an applied file was edited, and applies nothing', async () => {
    await migrate(url, folder)
    await write('1_one', 'create table one (id int, name text);')
    await write('3_three', 'create table three (id int);')
    await expect(migrate(url, folder)).rejects.toThrow(conflict('1_one', 'was changed after it was applied'))
    expect(await exists('three')).toBe(false)
  })

  it('refuses when the database knows one that this program does not have', async () => {
    await migrate(url, folder)
    await rm(join(folder, '2_two'), { recursive: true })
    await expect(migrate(url, folder)).rejects.toThrow(conflict('2_two', 'is not known to this version'))
  })

  it('rolls a failing migration back wholly, keeps those before it, and applies it once it is mended', async () => {
    await write('2_two', 'create table two (id int); insert into one values (2); select 1 / 0;')
    await expect(migrate(url, folder)).rejects.toThrow(conflict('2_two', 'could not be applied'))
    expect(await exists('two')).toBe(false)
    expect(await query(url, 'select id from one')).toEqual([{ id: 1 }])
    expect(await names()).toEqual(['1_one'])
    await write('2_two', 'create table two (id int);')
    expect(await migrate(url, folder)).toEqual(['2_two'])
  })

  it('says that there is no server, without the password', async () => {
    const nowhere = new Secret(server.url.reveal().replace(/:\d+\//, ':1/'))
    const error = await migrate(nowhere, folder).catch((thrown) => thrown)
    expect(error).toEqual(expect.objectContaining({ code: 'DATABASE_UNREACHABLE' }))
    expect(error.message).not.toContain(new URL(server.url.reveal()).password)
  })
})
