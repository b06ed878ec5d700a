import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChild } from '#lib/process/child.ts'
import { makeCertificate } from '#lib/testing/certificates.ts'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import type { DriverContext } from '../driver.ts'
import { mysqlDriver } from './driver.ts'

const missing = await mariadbMissing()

describe.skipIf(missing)('A MySQL dump', () => {
  let server: MariadbServer
  let authority: string
  let databases = 0
  beforeAll(async () => {
    const tls = await makeCertificate(['DNS:localhost'])
    authority = tls.certificate
    server = await startMariadbServer({ tls })
  })
  afterAll(() => server.stop())

  const place = () => ({ host: '127.0.0.1', port: server.port, user: server.user, password: server.password })
  async function makeDatabase(...statements: string[]) {
    const database = `shop_${++databases}`
    await server.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
    if (statements.length > 0) await server.query(statements, database)
    return { ...place(), database }
  }
  const ACCOUNTS = [
    'CREATE TABLE first (id int PRIMARY KEY, amount int, filler text)',
    'INSERT INTO first SELECT seq, 10, REPEAT(MD5(seq), 30) FROM seq_1_to_30000',
    'CREATE TABLE last (id int PRIMARY KEY, amount int)',
    'INSERT INTO last SELECT seq, 10 FROM seq_1_to_1000',
  ]
  async function save(raw: object, ctx: DriverContext, folder: string): Promise<string> {
    await saveCopy(await mysqlDriver.open(mysqlDriver.settings.parse(raw), ctx), folder)
    return readFile(join(folder, `${(raw as { database: string }).database}.sql`), 'utf8')
  }
  /** A dump whose reader takes nothing yet: the table `first` is being read and the rest is still to come. */
  async function stalledDump(raw: { database: string }, ctx: DriverContext) {
    const copy = await mysqlDriver.open(mysqlDriver.settings.parse(raw), ctx)
    if (copy.shape !== 'stream') throw new Error('a stream was expected')
    const env = { PATH: '/usr/bin:/bin' }
    const cat = await startChild({ command: 'cat', args: [], env, stdin: 'pipe', stdout: 'pipe' })
    const [input, output] = [cat.stdin, cat.stdout]
    if (input === null || output === null) throw new Error('cat has no pipes')
    const writing = copy.write(input, ctx.signal)
    const reading = `SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = '${raw.database}' AND INFO LIKE 'SELECT%\`first\`%'`
    while ((await server.query(reading)).length === 0) ctx.signal.throwIfAborted()
    return async () => {
      const whole = text(output)
      await writing
      input.end()
      await copy.close()
      return whole
    }
  }

  test('blocks no writer, however long it takes', async () => {
    await using run = await temporaryContext()
    const raw = await makeDatabase(...ACCOUNTS)
    const finish = await stalledDump(raw, run.context)
    // With a lock in the way these would fail after a second.
    await server.query(
      [
        'SET lock_wait_timeout = 1, innodb_lock_wait_timeout = 1',
        'UPDATE first SET amount = amount + 1',
        'DELETE FROM first WHERE id = 17',
        'UPDATE last SET amount = amount + 1',
        'INSERT INTO last VALUES (100000, 1)',
      ],
      raw.database,
    )
    expect(await finish()).toContain('-- Dump completed')
  })

  test('holds one moment, although money is moved between tables meanwhile', async () => {
    await using run = await temporaryContext()
    const raw = await makeDatabase(...ACCOUNTS)
    const finish = await stalledDump(raw, run.context)
    await server.query(
      ['START TRANSACTION', 'UPDATE first SET amount = 9', 'UPDATE last SET amount = 40', 'COMMIT'],
      raw.database,
    )
    await mkdir(join(run.dir, 'saved'))
    await writeFile(join(run.dir, 'saved', 'dump.sql'), await finish())
    const target = await makeDatabase()
    await mysqlDriver.restore(mysqlDriver.settings.parse(target), join(run.dir, 'saved'), run.context)
    const sums = 'SELECT (SELECT SUM(amount) FROM first) AS first, (SELECT SUM(amount) FROM last) AS last'
    expect(await server.query(sums, target.database)).toEqual([{ first: '300000', last: '10000' }])
    expect(await server.query(sums, raw.database)).toEqual([{ first: '270000', last: '40000' }])
  })

  test('is the same to the byte for the same data', async () => {
    await using run = await temporaryContext()
    const raw = await makeDatabase(...ACCOUNTS)
    const first = await save(raw, run.context, join(run.dir, 'one'))
    expect(await save(raw, run.context, join(run.dir, 'two'))).toBe(first)
  })

  test('warns by name of tables that are not of one moment, or hold more than it saves', async () => {
    const log: string[] = []
    await using run = await temporaryContext({ log: (level, line) => log.push(`${level}: ${line}`) })
    const raw = await makeDatabase(
      'CREATE TABLE good (id int)',
      'CREATE TABLE old (id int) ENGINE = MyISAM',
      'CREATE TABLE hot (id int) ENGINE = MEMORY',
      'CREATE TABLE both_old (id int) ENGINE = MERGE UNION = (old)',
      'CREATE TABLE history (id int) WITH SYSTEM VERSIONING',
    )
    const { warnings } = await mysqlDriver.probe(mysqlDriver.settings.parse(raw), run.context)
    const db = raw.database
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`without transactions \\(MEMORY, MyISAM\\).*: ${db}\\.hot, ${db}\\.old\\.`)),
      expect.stringContaining(`rows lie elsewhere: ${db}.both_old.`),
      expect.stringContaining(`not their history: ${db}.history.`),
    ])
    await save(raw, run.context, join(run.dir, 'saved'))
    for (const warning of warnings) expect(log).toContain(`warning: ${warning}`)
  })

  test('leaves out the tables that are named, and says which names catch nothing', async () => {
    await using run = await temporaryContext()
    const raw = await makeDatabase(
      'CREATE TABLE kept (id int)',
      'CREATE TABLE cache_a (id int)',
      'CREATE TABLE `b.c` (id int)',
    )
    const settings = { ...raw, ignoredTables: ['cache_*', `${raw.database}.b.c`, 'cahce'] }
    const dump = await save(settings, run.context, join(run.dir, 'saved'))
    expect(dump.match(/CREATE TABLE `.*`/g)).toEqual(['CREATE TABLE `kept`'])
    expect((await mysqlDriver.inspect(mysqlDriver.settings.parse(settings), run.context)).tables).toEqual({ kept: 0 })
    const { warnings } = await mysqlDriver.probe(mysqlDriver.settings.parse(settings), run.context)
    expect(warnings).toEqual(['There are no such tables to leave out: cahce.'])
  })

  describe('by a program that', () => {
    /** Stands in for mariadb-dump. */
    async function saveWith(script: string) {
      const log: string[] = []
      await using run = await temporaryContext()
      const tools = join(run.dir, 'tools')
      await mkdir(tools)
      const version = 'echo "mariadb-dump  Ver 10.19 Distrib 99.1.2-MariaDB, for Linux (x86_64)"'
      await writeFile(join(tools, 'mariadb-dump'), `#!/bin/sh\n[ "$1" = --version ] && ${version} && exit\n${script}\n`)
      await chmod(join(tools, 'mariadb-dump'), 0o755)
      const ctx: DriverContext = {
        ...run.context,
        toolPath: [tools],
        systemToolPath: [],
        log: (_, line) => log.push(line),
      }
      const error = await save(await makeDatabase(), ctx, join(run.dir, 'saved')).catch((thrown: unknown) => thrown)
      return { log, error }
    }
    const MARK = "echo '-- Dump completed'"

    test('says at its end that the dump is complete is believed', async () => {
      expect((await saveWith(`echo 'SELECT 1;'; ${MARK}`)).error).toContain('SELECT 1;\n-- Dump completed\n')
    })

    test.each([
      ['ends well without a word', 'echo "SELECT 1;"'],
      ['says nothing at all', ':'],
      ['goes on after its mark', `${MARK}; echo 'INSERT INTO t VALUES (1'`],
      ['is cut within its mark', "printf 'SELECT 1;\\n-- Dump comp'"],
      ['is cut before the end of its last line', "printf 'SELECT 1;\\n-- Dump completed'"],
      ['fails after its mark', `${MARK}; exit 2`],
      ['is killed after its mark', `${MARK}; kill -9 $$`],
    ])('%s is not', async (_, script) => {
      expect((await saveWith(script)).error).toMatchObject({ code: 'SOURCE_DUMP_FAILED' })
    })

    test('tells what it was given shows no password and little of our environment', async () => {
      const { log } = await saveWith(
        'echo "args: $*" >&2; env | cut -d= -f1 | sort | xargs echo names: >&2; stat -c %a "$(echo "$1" | cut -d= -f2)" >&2; exit 7',
      )
      expect(log.join('\n')).toMatch(/args: --defaults-file=\S+ .*--single-transaction .* -- shop_\d+\n/)
      expect(log).toContain('600')
      expect(log.join('\n')).not.toContain('p:ass')
      expect(log.find((line) => line.startsWith('names:'))).not.toMatch(/HOME|USER|MYSQL/)
    })
  })

  test('is encrypted as the settings say', async () => {
    await using run = await temporaryContext()
    const raw = await makeDatabase('CREATE TABLE t (id int)')
    await server.query(`GRANT ALL ON *.* TO careful IDENTIFIED BY 'careful' REQUIRE SSL`)
    const careful = { ...raw, user: 'careful', password: 'careful', host: 'localhost' }
    const file = join(run.dir, 'authority.pem')
    await writeFile(file, authority)
    for (const tls of [
      { sslMode: 'prefer' },
      { sslMode: 'require' },
      { sslMode: 'verify-full', sslRootCert: authority },
      { sslMode: 'verify-full', sslRootCert: file },
    ])
      expect(await save({ ...careful, ...tls }, run.context, join(run.dir, 'saved'))).toContain('-- Dump completed')
    const open = mysqlDriver.settings.parse({ ...careful, sslMode: 'disable' })
    await expect(mysqlDriver.probe(open, run.context)).rejects.toMatchObject({
      code: 'SOURCE_ACCESS_DENIED',
      message: expect.stringContaining('it wants encryption'),
    })
    const byAddress = { ...raw, sslMode: 'verify-full', sslRootCert: authority }
    expect(mysqlDriver.settings.safeParse(byAddress).error?.issues[0]?.path).toEqual(['host'])
  })

  test('is not encrypted by a server without TLS, which “require” refuses', async () => {
    await using run = await temporaryContext()
    const plain = await startMariadbServer()
    try {
      await plain.query('CREATE DATABASE shop')
      const raw = { ...place(), port: plain.port, database: 'shop' }
      expect(await save(raw, run.context, join(run.dir, 'saved'))).toContain('-- Dump completed')
      const strict = mysqlDriver.settings.parse({ ...raw, sslMode: 'require' })
      await expect(mysqlDriver.probe(strict, run.context)).rejects.toMatchObject({ code: 'SOURCE_TLS_FAILED' })
    } finally {
      await plain.stop()
    }
  })

  test('is made of every database of a server, new ones included', async () => {
    await using run = await temporaryContext()
    const settings = mysqlDriver.settings.parse({ ...place(), allDatabases: true, exceptDatabases: ['shop_*'] })
    await server.query([
      'CREATE DATABASE blog',
      'CREATE TABLE blog.posts (id int)',
      'INSERT INTO blog.posts VALUES (1), (2)',
    ])
    const keys = async () => (await mysqlDriver.parts?.(settings, run.context))?.map((part) => part.key)
    expect(await keys()).toEqual(['database:blog'])
    await server.query('CREATE DATABASE `a new one`')
    expect(await keys()).toEqual(['database:a new one', 'database:blog'])
    const ctx = { ...run.context, part: 'database:blog' }
    await saveCopy(await mysqlDriver.open(settings, ctx), join(run.dir, 'saved'))
    expect(await stat(join(run.dir, 'saved', 'blog.sql'))).toBeTruthy()
    expect((await mysqlDriver.inspect(settings, ctx)).tables).toEqual({ posts: 2 })
    for (const part of ['database:shop_1', 'database:mysql', 'globals', ''])
      await expect(mysqlDriver.open(settings, { ...run.context, part })).rejects.toMatchObject({
        code: 'SOURCE_PART_UNKNOWN',
      })
    const found = await mysqlDriver.discovery?.find(mysqlDriver.discovery.settings.parse(place()), run.context)
    expect(found?.map(({ name }) => name)).toEqual(expect.arrayContaining(['a new one', 'blog', 'shop_1']))
    expect(found?.find(({ name }) => name === 'blog')?.bytes).toBeGreaterThan(0)
    expect(found?.map(({ name }) => name)).not.toContain('mysql')
    const probe = await mysqlDriver.probe(settings, run.context)
    expect(probe.summary).toMatch(/^MariaDB [\d.]+, 2 databases, 1 tables, /)
  })

  test('cannot be of the server’s own databases', () => {
    for (const database of ['mysql', 'sys', 'Performance_Schema'])
      expect(mysqlDriver.settings.safeParse({ ...place(), database }).success).toBe(false)
    for (const choice of [{}, { database: 'a', allDatabases: true }, { databases: ['a'], exceptDatabases: ['b'] }])
      expect(mysqlDriver.settings.safeParse({ ...place(), ...choice }).success).toBe(false)
  })
})
