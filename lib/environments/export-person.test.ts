import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { GET, HEAD } from '#app/api/user-data-export/route.ts'
import type { Scope } from '#lib/auth/actor.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { readZip } from '#lib/sources/user-data/zip.fixture.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { addSource } from './sources.ts'

let home: Installation
let source: string
let token: string

async function tokenFor(email: string, scopes: Scope[]) {
  return (await createToken(home.runtime, { email, scopes, days: 1, name: 'test' })).token.reveal()
}

beforeAll(async () => {
  home = await openInstallation()
  setRuntime(home.runtime)
  const path = join(home.folder, 'files/shop.db')
  const database = new DatabaseSync(path)
  database.exec(`CREATE TABLE people (id TEXT, name TEXT);
    INSERT INTO people VALUES ('7', 'Ada'), ('ü "x"; a=b', 'Eve'), ('late', 'Late')`)
  database.close()
  const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n'
  const late = `SELECT CASE WHEN i = 300000 THEN json('{') ELSE hex(randomblob(9)) END AS v FROM (${rows}) WHERE :userId = 'late'`
  const settings = {
    connection: { kind: 'sqlite', path },
    exports: [
      { name: 'people', table: 'people', personColumn: 'id' },
      { name: 'late', query: 'SELECT 1', personQuery: late },
    ],
  }
  const { prisma, secretKey } = home.runtime
  const { environmentId } = home
  source = (await addSource(prisma, secretKey, { environmentId, name: 'people', kind: 'user-data', settings })).id
  token = await tokenFor(home.admin.email, ['user-data:export'])
})
afterAll(() => home?.close())
beforeEach(async () => {
  await home.runtime.prisma.rateHit.deleteMany()
  await home.runtime.prisma.auditEvent.deleteMany()
})

function ask(asked: Record<string, string>, bearer: string | null = token): Promise<Response> {
  const url = `http://localhost/api/user-data-export?${new URLSearchParams(asked)}`
  return GET(new Request(url, { headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` } }))
}

async function refusal(asked: Record<string, string>, bearer?: string | null) {
  const answer = await ask(asked, bearer)
  const { error } = (await answer.json()) as { error: { code: string; remedy: string } }
  expect(error.remedy).not.toBe('')
  return [answer.status, error.code]
}

it('answers a ZIP that no cache keeps, and writes down who asked for whom', async () => {
  const answer = await ask({ source, person: '7' })
  expect(answer.status).toBe(200)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': `attachment; filename="user-data-7.zip"; filename*=UTF-8''user-data-7.zip`,
    'cache-control': 'no-store',
  })
  const entries = readZip(Buffer.from(await answer.arrayBuffer()))
  expect(entries.get('people.csv')?.toString()).toBe('id,name\n7,Ada\n')
  expect(await home.runtime.prisma.auditEvent.findMany()).toMatchObject([
    { action: 'user-data.export', actor: home.admin.email, targetId: source, details: { person: '7' } },
  ])
})

it('gives a file name in which nothing of the id can do harm', async () => {
  const answer = await ask({ source, person: 'ü "x"; a=b' })
  expect(answer.headers.get('content-disposition')).toBe(
    `attachment; filename="user-data-___x___a_b.zip"; filename*=UTF-8''user-data-___x___a_b.zip`,
  )
  expect(
    readZip(Buffer.from(await answer.arrayBuffer()))
      .get('people.ndjson')
      ?.toString(),
  ).toContain('Eve')
})

it('answers 404 to a person who is not there, not an empty ZIP', async () => {
  expect(await refusal({ source, person: '8' })).toEqual([404, 'USER_DATA_PERSON_UNKNOWN'])
})

it('lets in nobody without the right, whatever else they may', async () => {
  const others = await tokenFor(home.admin.email, ['backup:read', 'backup:trigger', 'settings:write'])
  const email = 'viewer@example.org'
  await home.runtime.prisma.user.create({ data: { email, role: 'VIEWER', passwordHash: 'none' } })
  const viewer = await tokenFor(email, ['user-data:export'])
  expect(await refusal({ source, person: '7' }, null)).toEqual([401, 'UNAUTHENTICATED'])
  expect(await refusal({ source, person: '7' }, others)).toEqual([403, 'FORBIDDEN'])
  expect(await refusal({ source, person: '7' }, viewer)).toEqual([403, 'FORBIDDEN'])
  expect(await home.runtime.prisma.auditEvent.count({ where: { action: 'user-data.export' } })).toBe(0)
})

it('names what is wrong with a request', async () => {
  const { source: files } = await home.addFiles('files', { a: 'a' })
  expect(await refusal({ source })).toEqual([400, 'INPUT_INVALID'])
  expect(await refusal({ source, person: 'a\nb' })).toEqual([400, 'INPUT_INVALID'])
  expect(await refusal({ source, person: 'a\0b' })).toEqual([400, 'INPUT_INVALID'])
  expect(await refusal({ source, person: '7', more: 'x' })).toEqual([400, 'INPUT_INVALID'])
  expect(await refusal({ source: 'none', person: '7' })).toEqual([404, 'SOURCE_UNKNOWN'])
  expect(await refusal({ source: files.id, person: '7' })).toEqual([409, 'USER_DATA_NOT_PER_PERSON'])
  await home.runtime.prisma.source.update({ where: { id: source }, data: { enabled: false } })
  expect(await refusal({ source, person: '7' })).toEqual([409, 'SOURCE_DISABLED'])
  await home.runtime.prisma.source.update({ where: { id: source }, data: { enabled: true } })
})

it('answers 429 to more than ten a minute', async () => {
  const asked = await Promise.all(Array.from({ length: 12 }, () => ask({ source, person: '8' })))
  expect(asked.map((answer) => answer.status).sort()).toEqual([...Array(10).fill(404), 429, 429])
  const limited = asked.find((answer) => answer.status === 429)
  expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0)
})

it('breaks off when an error comes in mid-stream', async () => {
  const answer = await ask({ source, person: 'late' })
  expect(answer.status).toBe(200)
  await expect(answer.arrayBuffer()).rejects.toMatchObject({ code: 'SOURCE_QUERY_FAILED' })
})

it('does not make a ZIP for HEAD', () => {
  expect(HEAD().status).toBe(405)
})
