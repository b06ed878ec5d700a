import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addSource } from '#lib/environments/sources.ts'
import { runChild } from '#lib/process/child.ts'
import { recoveryKit } from '#lib/repositories/recovery-kit.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { restoreDocument } from './restore-document.ts'
import { triggerBackup } from './trigger.ts'

const missing = (await postgresMissing()) ?? (await mariadbMissing())
let folder: string
let home: Installation
let postgres: PostgresServer
let mariadb: MariadbServer
let backupId: string
let text: string

const NAME = `it's a "shop" 'né \\ $(x)`
const inFiles = (...path: string[]) => join(home.runtime.config.STORAGE_ROOTS[0] as string, ...path)
const sqlite = <T>(path: string, work: (db: DatabaseSync) => T): T => {
  const db = new DatabaseSync(path)
  try {
    return work(db)
  } finally {
    db.close()
  }
}
const items = (path: string) => sqlite(path, (db) => db.prepare('select count(*) as n from item').get()?.n)

beforeAll(async () => {
  if (missing) return
  folder = await realpath(await mkdtemp(join(tmpdir(), 'restore-document-')))
  postgres = await startPostgresServer()
  mariadb = await startMariadbServer()
  home = await openInstallation()
  await home.addFiles('uploads', { 'a b.txt': 'first', [`${NAME}.txt`]: 'odd' })
  const shop = await home.addSqlite('shop', 5)
  for (const tenant of ['one', 'two']) {
    await mkdir(inFiles('tenants', tenant), { recursive: true })
    sqlite(inFiles('tenants', tenant, 'db.sqlite'), (db) =>
      db.exec('create table item (id); insert into item values (1)'),
    )
  }
  await postgres.query('create role seller; create role backup login superuser password $$backup$$')
  await postgres.query(`create database "${NAME.replaceAll('"', '""')}" owner seller`)
  await postgres.query('create table item (id int primary key); insert into item values (1), (2); analyze', NAME)
  const quoted = `\`${NAME}\``
  await mariadb.query(`create database ${quoted} character set latin1 collate latin1_german2_ci`)
  await mariadb.query(['create table item (id int primary key)', 'insert into item values (1), (2), (3)'], NAME)
  const { prisma, secretKey } = home.runtime
  const add = (name: string, kind: 'postgres' | 'mysql' | 'sqlite' | 'user-data', settings: Record<string, unknown>) =>
    addSource(prisma, secretKey, { environmentId: home.environmentId, name, kind, settings })
  const login = { host: '127.0.0.1', user: 'backup', password: 'backup' }
  await add('server', 'postgres', { ...login, port: postgres.port, allDatabases: true })
  const { user, password } = mariadb
  await add('orders', 'mysql', { ...login, port: mariadb.port, user, password, database: NAME })
  await add('tenants', 'sqlite', { pattern: inFiles('tenants/*/db.sqlite') })
  await add('people', 'user-data', {
    connection: { kind: 'sqlite', path: shop.path },
    exports: [{ name: 'people', table: 'item' }],
  })
  await home.startWorker()
  backupId = (await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL' })).id
  expect((await home.ended(backupId)).state).toBe('SUCCEEDED')
  text = (await restoreDocument(home.runtime, home.admin, backupId)).text
}, 120_000)
afterAll(async () => {
  await home?.close()
  await postgres?.stop()
  await mariadb?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Enters the commands of a part of the document as they stand there. */
async function enter(title: RegExp, first = ''): Promise<void> {
  const part = text.split(/^## /m).find((one) => title.test(one)) ?? ''
  const blocks = [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block)
  expect(blocks, `commands of ${title}`).not.toEqual([])
  const script = join(folder, 'script.sh')
  await writeFile(script, ['set -e', first, ...blocks].join('\n'))
  const env = { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, PGUSER: 'postgres', PGPASSWORD: postgres.password }
  const { code, stderr } = await runChild({ command: '/bin/sh', args: [script], env, cwd: folder })
  expect(code, stderr).toBe(0)
}

describe.skipIf(missing)('the restore document of a full backup', () => {
  it('brings everything back with restic and the programs of the databases alone, after all is lost', async () => {
    const { prisma } = home.runtime
    await mkdir(join(folder, 'bin'))
    await symlink((await home.runtime.restic()).binary, join(folder, 'bin/restic'))
    await writeFile(join(folder, '.my.cnf'), clientOptions(mariadb), { mode: 0o600 })
    const repository = await prisma.repository.findFirstOrThrow()
    const kit = (await recoveryKit(home.runtime, home.admin, repository.id)).text
    const wayIn = kit.slice(kit.indexOf('# 1.'), kit.indexOf('# 2.'))
    for (const name of ['uploads', 'tenants']) await rm(inFiles(name), { recursive: true })
    await rm(inFiles('shop.sqlite'))
    await postgres.query(`drop database "${NAME.replaceAll('"', '""')}"`)
    await postgres.query('drop role seller')
    await mariadb.query(`drop database \`${NAME}\``)

    const modes = () => Promise.all(['/', '/tmp', tmpdir()].map(async (path) => (await stat(path)).mode))
    const before = await modes()
    await enter(/^1\. Fetch/, wayIn)
    await enter(/^Files/)
    expect(await readFile(inFiles('uploads', `${NAME}.txt`), 'utf8')).toBe('odd')
    await enter(/^Databases/)
    expect(items(inFiles('shop.sqlite'))).toBe(5)
    expect(['one', 'two'].map((tenant) => items(inFiles('tenants', tenant, 'db.sqlite')))).toEqual([1, 1])
    expect(await postgres.query('select count(*)::int as n from item', NAME)).toEqual([{ n: 2 }])
    const owner = 'select pg_get_userbyid(datdba) as owner from pg_database where datname like $$it%$$'
    expect(await postgres.query(owner)).toEqual([{ owner: 'seller' }])
    expect(await mariadb.query('select count(*) as n, @@collation_database as collation from item', NAME)).toEqual([
      { n: 3, collation: 'latin1_german2_ci' },
    ])
    expect(await modes()).toEqual(before)
    sqlite(inFiles('shop.sqlite'), (db) => db.exec('delete from item'))
    await enter(/^User data/)
    expect(items(inFiles('shop.sqlite'))).toBe(5)
  }, 120_000)

  it('knows how many rows each of its parts holds, where that is not too much work', async () => {
    const runs = await home.runtime.prisma.backupRun.findMany({ where: { backupId }, include: { source: true } })
    const rows = Object.fromEntries(runs.map((run) => [`${run.source.name} ${run.part}`, run.rowCount]))
    expect(rows).toMatchObject({
      ...{ 'shop ': 5n, 'tenants ': 2n, 'people ': 5n, 'uploads ': null },
      ...{ [`server database:${NAME}`]: 2n, 'server globals': null },
    })
  })

  it('names the parts in the order in which they come back, what is not in it, and no secret', async () => {
    const { prisma, admin } = { ...home, prisma: home.runtime.prisma }
    const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)
    expect(titles).toEqual([
      '1. Fetch it from the repositories',
      'Files',
      'Databases',
      'User data',
      'This program itself',
    ])
    expect(text).not.toContain(mariadb.password)
    expect(text).toContain('run restore-installation -- "$saved"')
    const removed = { removedAt: new Date('2026-03-01T00:00:00Z') }
    await prisma.backupRun.updateMany({ where: { backupId, source: { name: 'orders' } }, data: removed })
    const later = (await restoreDocument(home.runtime, admin, backupId)).text
    expect(later).toContain('**Not in it:**\n\n- test/orders: its snapshot was removed 2026-03-01T00:00:00.000Z\n')
    expect(later).not.toContain('### test/orders')
    await expect(restoreDocument(home.runtime, { ...admin, role: 'OPERATOR' }, backupId)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})

describe.skipIf(missing)('a name with a line break', () => {
  it('ends no comment of the document, where what follows would be a command', async () => {
    const { prisma, secretKey } = home.runtime
    const settings = { host: 'db', user: 'u', database: 'shop\ntouch taken' }
    const request = { environmentId: home.environmentId, name: 'a\ntouch name', kind: 'postgres' as const, settings }
    const source = await addSource(prisma, secretKey, request)
    const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
    const backup = await prisma.backup.create({
      data: {
        type: 'DATABASE',
        origin: 'API',
        compressionLevel: 5,
        environments: ['test'],
        description: 'x\ntouch text',
      },
    })
    const of = { backupId: backup.id, sourceId: source.id, repositoryId, compressionLevel: 5 }
    await prisma.backupRun.create({ data: { ...of, state: 'SUCCEEDED', snapshotId: 'aa' } })
    const document = (await restoreDocument(home.runtime, home.admin, backup.id)).text
    expect(document).toContain('shop touch taken')
    expect(document).not.toMatch(/^\s*touch/m)
  })
})

const clientOptions = ({ user, password }: MariadbServer): string =>
  `[client]\nuser=${user}\npassword="${password.replaceAll(/["\\]/g, '\\$&')}"\n`
