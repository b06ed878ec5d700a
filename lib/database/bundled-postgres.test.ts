import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Secret } from '#lib/secrets/secret.ts'
import { type BundledPostgres, openBundledPostgres } from './bundled-postgres.ts'
import { makeDataDir } from './database.ts'

let home: string
let data: string
let server: BundledPostgres

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'bundled-postgres-')))
  data = join(home, 'data')
  await makeDataDir(data)
  server = await openBundledPostgres(data)
  await query(server.url, 'create table kept (id int); insert into kept values (1)')
})
afterAll(async () => {
  await server?.stop()
  await rm(home, { recursive: true, force: true })
})

async function query(at: Secret, sql: string): Promise<Record<string, unknown>[]> {
  const client = await session(at)
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
async function session(at: Secret): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: at.reveal() })
  client.on('error', () => {})
  await client.connect()
  return client
}
const lockFile = () => join(data, 'postgres/postmaster.pid')
const postmaster = async () => Number((await readFile(lockFile(), 'utf8')).split('\n')[0])
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
const kept = async () => expect(await query(server.url, 'select id from kept')).toEqual([{ id: 1 }])

describe('the bundled PostgreSQL', () => {
  it('keeps its folder and its password to itself, and leaves nothing else', async () => {
    expect(await mode(data)).toBe('700')
    expect(await mode(join(data, 'postgres'))).toBe('700')
    expect(await mode(join(data, 'postgres.password'))).toBe('600')
    expect((await readdir(data)).sort()).toEqual(['postgres', 'postgres.password'])
    expect(String(server.url)).toBe('[secret]')
  })

  it('wants its password', async () => {
    const wrong = new URL(server.url.reveal())
    wrong.password = 'wrong'
    const client = new pg.Client({ connectionString: wrong.href })
    await expect(client.connect()).rejects.toThrow(/password authentication failed/)
  })

  it('listens on loopback only', async () => {
    const shown = async (name: string) => (await query(server.url, `show ${name}`))[0]?.[name]
    expect(await shown('listen_addresses')).toBe('127.0.0.1')
    expect(await shown('unix_socket_directories')).toBe('')
    const port = Number(new URL(server.url.reveal()).port)
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    for (const { address } of others.filter((one) => !one.internal && one.family === 'IPv4')) {
      const answer = await new Promise((resolve) => {
        const socket = connect(port, address)
        socket.once('connect', () => {
          socket.destroy()
          resolve('connected')
        })
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      })
      expect(answer).not.toBe('connected')
    }
  })

  it('adopts one that is running instead of starting another', async () => {
    const pid = await postmaster()
    expect((await openBundledPostgres(data)).url.reveal()).toBe(server.url.reveal())
    expect(await postmaster()).toBe(pid)
  })

  it('comes back with all that was committed after its server was killed with sessions open', async () => {
    const open = await session(server.url)
    await open.query('begin; insert into kept values (2)')
    process.kill(await postmaster(), 'SIGKILL')
    server = await openBundledPostgres(data)
    await kept()
    await open.end().catch(() => {})
  })

  it('starts beside a lock file that a dead server left', async () => {
    const left = await readFile(lockFile())
    await server.stop()
    await writeFile(lockFile(), left)
    server = await openBundledPostgres(data)
    await kept()
  })

  it('starts beside a lock file whose process id is another program by now', async () => {
    const left = await readFile(lockFile(), 'utf8')
    await server.stop()
    await writeFile(lockFile(), left.replace(/^\d+/, String(process.pid)))
    server = await openBundledPostgres(data)
    await kept()
  })

  it('ends when it is stopped, sessions or not', async () => {
    const open = await session(server.url)
    const ended = new Promise((resolve) => open.once('end', resolve))
    await server.stop()
    await ended
    await expect(stat(lockFile())).rejects.toThrow('ENOENT')
    server = await openBundledPostgres(data)
    await kept()
  })
})
