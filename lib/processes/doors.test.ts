import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from 'graphql-ws'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import { GET as ready } from '#app/api/health/ready/route.ts'
import { GET as status } from '#app/api/trigger-backup/[id]/route.ts'
import { POST as rest } from '#app/api/trigger-backup/route.ts'
import type { Scope } from '#lib/auth/actor.ts'
import { createToken, revokeToken } from '#lib/auth/tokens.ts'
import { openRestic } from '#lib/restic/restic.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { SecretKey } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { randomFiles, slowRestic } from '#lib/testing/server.ts'
import { openSubscriptions } from './subscriptions.ts'

let home: Installation
let tools: string
let token: string
let uploads: string
let sourceId: string

async function tokenFor(email: string, scopes: Scope[] = ['backup:read', 'backup:trigger'], deps = {}) {
  const made = await createToken({ ...home.runtime, ...deps }, { email, scopes, days: 1, name: 'test' })
  return { id: made.id, bearer: made.token.reveal() }
}

beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), 'backup-trigger-tools-'))
  home = await openInstallation({ RESTIC_BINARY: await slowRestic(tools, 10_000) })
  setRuntime(home.runtime)
  token = (await tokenFor(home.admin.email)).bearer
  const added = await home.addFiles('uploads', { 'a.txt': 'a' })
  uploads = added.path
  sourceId = added.source.id
})
afterAll(async () => {
  await home?.close()
  await rm(tools, { recursive: true, force: true })
})
const clear = async () => {
  await home.runtime.prisma.backup.deleteMany()
  await home.runtime.prisma.rateHit.deleteMany()
}

const base = 'http://localhost/api'
const bearer = (value = token) => ({ authorization: `Bearer ${value}` })

async function answer(response: Response) {
  const text = await response.text()
  expect(text).not.toMatch(/\bat .*(\.[jt]s|node:)/)
  expect(text).not.toContain('node_modules')
  return { status: response.status, headers: response.headers, body: JSON.parse(text) }
}

async function post(body: unknown, headers: Record<string, string> = bearer()) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const request = new Request(`${base}/trigger-backup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  })
  return answer(await rest(request))
}

async function get(id: string, headers: Record<string, string> = bearer()) {
  const request = new Request(`${base}/trigger-backup/${id}`, { headers })
  return answer(await status(request, { params: Promise.resolve({ id }) }))
}

async function query(text: string, variables: object = {}, headers: Record<string, string> = bearer()) {
  const request = new Request(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: text, variables }),
  })
  return answer(await graphqlDoor(request))
}

const error = (code: string, message: unknown = expect.any(String)) => ({
  error: { code, message, remedy: expect.stringMatching(/./) },
})

describe('POST /api/trigger-backup', () => {
  beforeEach(clear)

  it('answers 202 with exactly message, id and address of the status', async () => {
    const { status, body } = await post({ type: 'storage', description: 'by hand', environment: 'test' })
    expect(status).toBe(202)
    const backup = await home.runtime.prisma.backup.findFirstOrThrow()
    expect(body).toEqual({
      message: 'Backup of storage initiated successfully.',
      backup_id: backup.id,
      status_url: `${home.runtime.publicUrl}/api/trigger-backup/${backup.id}`,
    })
    expect(backup).toMatchObject({ type: 'STORAGE', origin: 'REST', description: 'by hand', environments: ['test'] })
  })

  it('takes the options of a backup by their own names', async () => {
    const options = { compression_level: 9, retention_policy: 90, notification_enabled: false, log_verbosity: 'ERROR' }
    expect((await post({ type: 'storage', environment: 'test', ...options })).status).toBe(202)
    const said = { compressionLevel: 9, retentionDays: 90, notificationEnabled: false, logVerbosity: 'ERROR' }
    expect(await home.runtime.prisma.backup.findFirstOrThrow()).toMatchObject(said)
  })

  it.each<[string, unknown, string]>([
    ['no day to keep it', { type: 'full', retention_policy: 0 }, 'retention_policy'],
    ['a verbosity that there is not', { type: 'full', log_verbosity: 'LOUD' }, 'log_verbosity'],
    ['an invalid type', { type: 'everything' }, 'database, user_data, storage or full'],
    ['a missing type', {}, 'type'],
    ['an unknown parameter', { type: 'full', compresion: 3 }, 'compresion'],
    ['database_name with storage', { type: 'storage', database_name: 'shop' }, 'database_name'],
    ['storage_path with database', { type: 'database', storage_path: '/srv' }, 'storage_path'],
    ['bad JSON', '{"type": ', 'not valid JSON'],
    ['a list', [], 'expected object'],
    ['a body of 1 MB', { type: 'full', description: 'x'.repeat(1_000_000) }, 'body'],
    ['a path with “..”', { type: 'storage', storage_path: '/srv/../etc' }, '..'],
  ])('answers 400 to %s', async (_name, body, named) => {
    const refused = await post(body)
    expect(refused.status).toBe(400)
    expect(refused.body).toEqual(error('INPUT_INVALID', expect.stringContaining(named)))
    expect(await home.runtime.prisma.backup.count()).toBe(0)
  })

  it('answers 400 to a content type that is not JSON', async () => {
    const refused = await post({ type: 'full' }, { ...bearer(), 'content-type': 'text/plain' })
    expect(refused).toMatchObject({ status: 400, body: error('INPUT_INVALID') })
  })

  it('answers 401 without a token', async () => {
    expect(await post({ type: 'full' }, {})).toMatchObject({ status: 401, body: error('UNAUTHENTICATED') })
  })

  it('answers 403 to a token that may only read, and to a viewer', async () => {
    const reader = await tokenFor(home.admin.email, ['backup:read'])
    expect(await post({ type: 'full' }, bearer(reader.bearer))).toMatchObject({ status: 403, body: error('FORBIDDEN') })
    const email = 'viewer@example.org'
    await home.runtime.prisma.user.create({ data: { email, role: 'VIEWER', passwordHash: 'none' } })
    const viewer = await tokenFor(email)
    expect(await post({ type: 'full' }, bearer(viewer.bearer))).toMatchObject({ status: 403, body: error('FORBIDDEN') })
  })

  it('answers 404 to an environment that is not there', async () => {
    const refused = await post({ type: 'full', environment: 'moon' })
    expect(refused).toMatchObject({ status: 404, body: error('ENVIRONMENT_UNKNOWN', expect.stringContaining('moon')) })
  })

  it('answers 409 while a backup of the source is under way', async () => {
    expect((await post({ type: 'storage' })).status).toBe(202)
    expect(await post({ type: 'storage' })).toMatchObject({ status: 409, body: error('BACKUP_ALREADY_RUNNING') })
  })

  it('answers 429 with Retry-After to too many', async () => {
    const key = `trigger:${home.admin.userId}`
    await home.runtime.prisma.rateHit.createMany({ data: Array.from({ length: 5 }, () => ({ key, at: new Date() })) })
    const refused = await post({ type: 'storage' })
    expect(refused).toMatchObject({ status: 429, body: error('RATE_LIMITED') })
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(await home.runtime.prisma.backup.count()).toBe(0)
  })
})

describe('GET /api/trigger-backup/:id', () => {
  beforeEach(clear)

  it('answers state and figures, and only to those who may read', async () => {
    const { backup_id: id } = (await post({ type: 'storage' })).body
    const { status, body } = await get(id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ backup_id: id, type: 'storage', state: 'QUEUED', environments: ['test'] })
    expect(body.runs).toMatchObject([{ source: 'uploads', state: 'QUEUED', attempt: 1, error: null }])
    expect((await get(id, {})).status).toBe(401)
  })

  it.each(['0199a000-0000-7000-8000-000000000001', 'no-uuid', "'; drop table backups"])(
    'answers 404 to %s',
    async (id) => {
      expect(await get(id)).toMatchObject({ status: 404, body: error('BACKUP_UNKNOWN') })
    },
  )
})

describe('tokens', () => {
  const payload = () => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  it('are refused when revoked', async () => {
    const made = await tokenFor(home.admin.email)
    expect((await get('x', bearer(made.bearer))).status).toBe(404)
    await revokeToken(home.runtime, made.id)
    expect((await get('x', bearer(made.bearer))).status).toBe(401)
  })

  it('are refused when expired', async () => {
    const yesterday = { now: () => new Date(Date.now() - 2 * 86_400_000) }
    const made = await tokenFor(home.admin.email, ['backup:read'], { clock: yesterday })
    expect((await get('x', bearer(made.bearer))).status).toBe(401)
  })

  it('are refused when signed with another key, unsigned or changed', async () => {
    const forged = await tokenFor(home.admin.email, ['backup:read'], {
      secretKey: new SecretKey(new Secret('0123456789abcdef'.repeat(4))),
    })
    const unsigned = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(payload())}.`
    const [head, , signature] = token.split('.')
    const changed = `${head}.${encode({ ...payload(), exp: 4_000_000_000 })}.${signature}`
    for (const bad of [forged.bearer, unsigned, changed, 'rubbish'])
      expect((await get('x', bearer(bad))).status).toBe(401)
  })
})

describe('GraphQL', () => {
  beforeEach(clear)
  const trigger = (input: object, headers?: Record<string, string>) =>
    query(
      `mutation ($input: TriggerBackupInput!) { triggerBackup(input: $input) { __typename
        ... on TriggerBackupSuccess { backup { id state origin runs { source { name } state } } }
        ... on Problem { code message remedy } } }`,
      { input },
      headers,
    )

  it('starts a backup', async () => {
    const { status, body } = await trigger({ type: 'STORAGE', sourceIds: [sourceId], compressionLevel: 9 })
    expect(status).toBe(200)
    expect(body.data.triggerBackup).toMatchObject({
      __typename: 'TriggerBackupSuccess',
      backup: { state: 'QUEUED', origin: 'API', runs: [{ source: { name: 'uploads' }, state: 'QUEUED' }] },
    })
  })

  it.each<[string, () => object, string]>([
    ['an unknown environment', () => ({ environments: ['moon'] }), 'ENVIRONMENT_UNKNOWN'],
    ['compression 0', () => ({ compressionLevel: 0 }), 'INPUT_INVALID'],
    ['to be kept for no day', () => ({ retentionDays: 0 }), 'INPUT_INVALID'],
    ['compression 10', () => ({ compressionLevel: 10 }), 'INPUT_INVALID'],
    ['a path outside the sources', () => ({ storagePath: '/etc' }), 'PATH_NOT_ALLOWED'],
    ['a path that only begins like a source', () => ({ storagePath: `${uploads}-more` }), 'PATH_NOT_ALLOWED'],
    ['a path with “..”', () => ({ storagePath: `${uploads}/../..` }), 'INPUT_INVALID'],
    ['a symlink that leads out', () => ({ storagePath: `${uploads}/out` }), 'PATH_NOT_ALLOWED'],
    ['a path that is not there', () => ({ storagePath: `${uploads}/nothing` }), 'PATH_NOT_FOUND'],
  ])('answers a Problem to %s', async (_name, input, code) => {
    await rm(join(uploads, 'out'), { force: true })
    await symlink('/etc', join(uploads, 'out'))
    const { status, body } = await trigger({ type: 'STORAGE', ...input() })
    expect(status).toBe(200)
    expect(body).toEqual({
      data: {
        triggerBackup: { __typename: 'Problem', code, message: expect.any(String), remedy: expect.stringMatching(/./) },
      },
    })
    expect(await home.runtime.prisma.backup.count()).toBe(0)
  })

  it('takes a folder below the source', async () => {
    await mkdir(join(uploads, 'inner'), { recursive: true })
    const { body } = await trigger({ type: 'STORAGE', storagePath: `${uploads}/inner` })
    expect(body.data.triggerBackup.__typename).toBe('TriggerBackupSuccess')
  })

  it('says when a trigger may come again that was one too many', async () => {
    const key = `trigger:${home.admin.userId}`
    await home.runtime.prisma.rateHit.createMany({ data: Array.from({ length: 5 }, () => ({ key, at: new Date() })) })
    const { body } = await query(
      'mutation { triggerBackup(input: { type: STORAGE }) { ... on Problem { code retryAfterSeconds } } }',
    )
    expect(body.data.triggerBackup).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) })
  })

  it('refuses nobody, with an error of the operation', async () => {
    const { body } = await trigger({ type: 'STORAGE' }, {})
    expect(body.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
    expect(await home.runtime.prisma.backup.count()).toBe(0)
  })

  it('refuses operations that are too deep or ask for too much', async () => {
    const deep = `{ backups { edges { node { runs { backup { runs { backup { runs { backup { runs { id } } } } } } } } } } }`
    const broad = `{ ${Array.from({ length: 300 }, (_, i) => `v${i}: viewer { id }`).join(' ')} }`
    const costly = `{ backups(first: 100) { edges { node { log(last: 5000) { message } runs { source { name } } } } } }`
    for (const text of [deep, broad, costly]) {
      const { body } = await query(text)
      expect(body.errors?.length, text.slice(0, 60)).toBeGreaterThan(0)
      expect(body.data ?? null).toBeNull()
      expect(JSON.stringify(body.errors)).toMatch(/depth|breadth|complexity/i)
    }
  })

  it('counts a page of the history by its size', async () => {
    const page = (first: number) =>
      query(`{ backups(first: ${first}) { edges { node { runs { backup { runs { id state source { name } } } } } } } }`)
    expect(JSON.stringify((await page(100)).body.errors)).toMatch(/complexity/i)
    expect((await page(2)).body.errors).toBeUndefined()
  })
})

describe('readiness', () => {
  it('says that restic is missing', async () => {
    const restic = () => openRestic({ binary: '/nonexistent', cacheDir: tools })
    setRuntime({ ...home.runtime, restic })
    try {
      const { status, body } = await answer(await ready())
      expect(status).toBe(503)
      expect(body).toEqual({
        ready: false,
        checks: { database: 'ok', queue: 'ok', restic: { code: 'RESTIC_MISSING' } },
      })
    } finally {
      setRuntime(home.runtime)
    }
    expect((await ready()).status).toBe(200)
  })
})

describe('subscriptions', () => {
  let http: Server
  let subscriptions: ReturnType<typeof openSubscriptions>
  let url: string
  const clients: Client[] = []

  beforeAll(async () => {
    await clear()
    subscriptions = openSubscriptions(home.runtime)
    http = createServer().on('upgrade', subscriptions.upgrade)
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    url = `ws://127.0.0.1:${(http.address() as { port: number }).port}/api/graphql`
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose()
  })
  afterAll(async () => {
    await subscriptions?.close()
    http?.closeAllConnections()
    http?.close()
  })

  interface Event {
    seq: number
    kind: string
    state: string | null
  }
  function follow(backupId: string, after: number, params: Record<string, unknown> = bearer()) {
    let socket: WebSocket | undefined
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: params,
      retryAttempts: 0,
      on: { connected: (opened) => (socket = opened as WebSocket) },
    })
    clients.push(client)
    const events = client.iterate<{ backupStatus: Event }>({
      query: 'subscription ($id: ID!, $after: Int) { backupStatus(backupId: $id, after: $after) { seq kind state } }',
      variables: { id: backupId, after },
    })
    return { events, cut: () => socket?.terminate() }
  }
  async function all(backupId: string, after: number): Promise<Event[]> {
    const seen: Event[] = []
    for await (const { data, errors } of follow(backupId, after).events) {
      expect(errors).toBeUndefined()
      if (data) seen.push(data.backupStatus)
    }
    return seen
  }
  const upgrade = (origin: string) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(url, 'graphql-transport-ws', { origin })
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0)
        response.resume()
      })
      socket.on('open', () => {
        resolve(101)
        socket.close()
      })
      socket.on('error', reject)
    })

  it('are refused to nobody and to forged tokens', async () => {
    for (const params of [{}, bearer('rubbish')]) {
      const { events } = follow('0199a000-0000-7000-8000-000000000001', 0, params)
      await expect(events.next()).rejects.toMatchObject({ code: 4403 })
    }
  })

  it('are refused to pages of another origin, at the upgrade', async () => {
    expect(await upgrade('https://evil.example.org')).toBe(403)
    expect(await upgrade('null')).toBe(403)
    expect(await upgrade(home.runtime.publicUrl)).toBe(101)
  })

  it('say that a backup is unknown', async () => {
    const { events } = follow('no-uuid', 0)
    const first = await events.next().catch((thrown: unknown) => ({ thrown }))
    expect(JSON.stringify(first)).toContain('BACKUP_UNKNOWN')
    expect(JSON.stringify(first)).not.toContain('stack')
  })

  it('survive a connection that is cut in mid-backup without missing an event, and complete at its end', async () => {
    const { prisma } = home.runtime
    await randomFiles(join(uploads, 'big'), 30)
    await home.startWorker()
    const { backup_id: id } = (await post({ type: 'storage' })).body
    const seen: number[] = []
    const first = follow(id, 0)
    const broken = (async () => {
      for await (const { data } of first.events) {
        if (!data) continue
        seen.push(data.backupStatus.seq)
        if (data.backupStatus.kind !== 'PROGRESS') continue
        first.cut()
        return
      }
    })()
    await broken.catch(() => {})
    expect((await prisma.backup.findUniqueOrThrow({ where: { id } })).state).toBe('RUNNING')

    const rest = await all(id, seen.at(-1) ?? 0)
    const rows = await prisma.backupEvent.findMany({ where: { backupId: id }, orderBy: { seq: 'asc' } })
    expect([...seen, ...rest.map((event) => event.seq)]).toEqual(rows.map((row) => row.seq))
    expect(rest.at(-1)).toMatchObject({ kind: 'STATE', state: 'SUCCEEDED' })

    expect((await all(id, 0)).map((event) => event.seq)).toEqual(rows.map((row) => row.seq))
    expect((await all(id, 3)).map((event) => event.seq)).toEqual(rows.slice(3).map((row) => row.seq))
  })
})
