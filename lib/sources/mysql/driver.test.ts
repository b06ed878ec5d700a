import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { makeCertificate } from '#lib/testing/certificates.ts'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { describeSource } from '../conformance.ts'
import { quoteName } from '../connections/mysql.ts'

const missing = await mariadbMissing()
let server: MariadbServer
let databases = 0

async function makeDatabase(statements: string[], name = `made_${++databases}`) {
  await server.query(`CREATE DATABASE ${quoteName(name)} CHARACTER SET utf8mb4`)
  if (statements.length > 0) await server.query(statements, name)
  return { host: '127.0.0.1', port: server.port, database: name, user: server.user, password: server.password }
}

const PEOPLE = [
  'CREATE TABLE people (id int PRIMARY KEY AUTO_INCREMENT, name varchar(40))',
  "INSERT INTO people (name) VALUES ('Ada'), ('Žofie'), (NULL)",
  'CREATE TABLE none (id int)',
  'CREATE VIEW names AS SELECT name FROM people',
]
const MANY = [
  'CREATE TABLE many (id int PRIMARY KEY, filler text)',
  'INSERT INTO many SELECT seq, REPEAT(MD5(seq), 20) FROM seq_1_to_30000',
]

if (missing === null) {
  beforeAll(async () => {
    server = await startMariadbServer({ tls: await makeCertificate(['DNS:localhost']) })
  })
  afterAll(() => server.stop())
}

describeSource('mysql', {
  missing,
  filled: () => makeDatabase(PEOPLE),
  odd: () =>
    makeDatabase(
      [
        'CREATE TABLE `tä.ble\nwith a ``break"` (`--;` text)',
        "INSERT INTO `tä.ble\nwith a ``break\"` VALUES ('x'), ('')",
      ],
      `o'dd / "näme" \` = \\ ${++databases}`,
    ),
  empty: () => makeDatabase([]),
  gone: async () => ({
    settings: { ...(await makeDatabase([])), database: 'gone' },
    code: 'SOURCE_DATABASE_UNKNOWN',
  }),
  big: () => makeDatabase(MANY),
  elsewhere: async () => {
    const settings = await makeDatabase([], `else'where \\ ${++databases}`)
    return { settings, seen: settings }
  },
  faults: {
    unreachable: async () => ({ ...(await makeDatabase([])), port: 1 }),
    denied: async () => ({ ...(await makeDatabase([])), password: 'wrong' }),
    withoutRights: async () => {
      const raw = await makeDatabase(PEOPLE)
      const [user, name] = [`clerk_${databases}`, raw.database]
      await server.query([
        `CREATE USER ${user} IDENTIFIED BY 'clerk'`,
        `GRANT SELECT, SHOW VIEW, TRIGGER ON ${name}.people TO ${user}`, // not on the table `none`
        `GRANT EVENT, EXECUTE ON ${name}.* TO ${user}`,
      ])
      return { settings: { ...raw, user, password: 'clerk' }, names: ['SELECT', 'SHOW VIEW', 'TRIGGER', name] }
    },
    tlsMismatch: async () => {
      const another = await makeCertificate(['DNS:localhost'])
      return {
        ...(await makeDatabase([])),
        host: 'localhost',
        sslMode: 'verify-full',
        sslRootCert: another.certificate,
      }
    },
    needsTool: true,
    oldTool: async (dir) => {
      const tools = join(dir, 'old tools')
      await mkdir(tools)
      const old = '#!/bin/sh\necho "mysqldump  Ver 10.16 Distrib 5.5.68-MariaDB, for Linux (x86_64)"\n'
      await writeFile(join(tools, 'mysqldump'), old)
      await chmod(join(tools, 'mysqldump'), 0o755)
      return tools
    },
    killsDump: true,
    fillsScratch: false,
    crash: {
      kill: () => server.kill(),
      revive: async () => {
        await server.stop()
        server = await startMariadbServer({ tls: await makeCertificate(['DNS:localhost']) })
      },
    },
    freeze: { stop: async () => server.freeze(), go: async () => server.thaw() },
    named: (_dir, name) => makeDatabase(PEOPLE, `${name.slice(0, name.length - 1)}${++databases % 10}`),
  },
})
