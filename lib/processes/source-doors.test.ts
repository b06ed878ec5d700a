import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import type { Scope } from '#lib/auth/actor.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { sourceKinds } from '#lib/sources/kinds.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'

let home: Installation
let token: string

async function tokenOf(scopes: Scope[]): Promise<string> {
  const request = { email: home.admin.email, scopes, days: 1, name: 'test' }
  return (await createToken(home.runtime, request)).token.reveal()
}

beforeAll(async () => {
  home = await openInstallation()
  setRuntime(home.runtime)
  token = await tokenOf(['backup:read', 'backup:trigger', 'settings:write'])
})
afterAll(() => home?.close())

/** One operation; its answer without the envelope. Whatever is answered, no secret is in it. */
async function ask(
  query: string,
  variables: object = {},
  { bearer = token, signal = null as AbortSignal | null } = {},
) {
  const request = new Request('http://localhost/api/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ query, variables }),
    signal,
  })
  const text = await (await graphqlDoor(request)).text()
  expect(text).not.toContain('hunter2')
  return JSON.parse(text)
}
const problem = '... on Problem { code message remedy issues { path problem } }'
const mutate = async (name: string, input: object, selection: string) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`
  const text = `mutation ($input: ${inputs[name] ?? `${type}Input`}!) { ${name}(input: $input) { __typename ... on ${type}Success { ${selection} } ${problem} } }`
  const { data, errors } = await ask(text, { input })
  expect(errors).toBeUndefined()
  return data[name]
}
const inputs: Record<string, string> = {
  testSource: 'SourceCandidateInput',
  discoverSource: 'SourceCandidateInput',
  previewSource: 'SourceCandidateInput',
}
const test = (input: object) =>
  mutate('testSource', input, 'summary bytes warnings parts expectedSeconds tool { name version }')

describe('the kinds of sources', () => {
  it('come with a form for each', async () => {
    const { data } = await ask(
      '{ sourceKinds { kind title type form secretFields previewable discovery { form field listField } } }',
    )
    expect(data.sourceKinds.map((one: { kind: string }) => one.kind).toSorted()).toEqual(
      Object.keys(sourceKinds).toSorted(),
    )
    for (const { kind, title, type, form, discovery } of data.sourceKinds) {
      expect(type).toBe(sourceKinds[kind as keyof typeof sourceKinds])
      expect(title).not.toBe('')
      expect(form.properties ?? form.anyOf ?? form.oneOf, kind).toBeTruthy()
      if (discovery) expect(discovery.form.properties, kind).toBeTruthy()
    }
  })
})

describe('a source', () => {
  it('is tested, added, read, changed, switched off and on, and deleted', async () => {
    const { path } = await home.addSqlite('shop file', 3)
    const settings = { path }
    expect(await test({ environment: 'test', kind: 'sqlite', settings })).toMatchObject({
      __typename: 'TestSourceSuccess',
      warnings: [],
      parts: null,
      expectedSeconds: null,
    })
    const input = { environment: 'test', name: 'shop', kind: 'sqlite', settings }
    const { source, found } = await mutate('createSource', input, 'source { id } found')
    expect(found).not.toBe('')
    const read = async () =>
      (await ask(`{ source(id: "${source.id}") { name kind enabled settings secretsSet environment { name } } }`)).data
    expect((await read()).source).toEqual({
      ...{ name: 'shop', kind: 'sqlite', enabled: true, settings, secretsSet: [] },
      environment: { name: 'test' },
    })
    expect(await mutate('updateSource', { id: source.id, name: 'shop 2' }, 'source { name }')).toMatchObject({
      source: { name: 'shop 2' },
    })
    for (const [act, enabled] of [
      ['disable', false],
      ['enable', true],
    ]) {
      const { data } = await ask(
        `mutation { ${act}Source(id: "${source.id}") { ... on ${act === 'enable' ? 'Enable' : 'Disable'}SourceSuccess { source { enabled } } } }`,
      )
      expect(data[`${act}Source`]).toEqual({ source: { enabled } })
    }
    const remove = `mutation { deleteSource(id: "${source.id}") { ... on DeleteSourceSuccess { source { name deleted } } ${problem} } }`
    expect((await ask(remove)).data.deleteSource).toEqual({ source: { name: 'shop 2', deleted: true } })
    expect((await ask(remove)).data.deleteSource).toMatchObject({ code: 'SOURCE_UNKNOWN' })
    expect((await read()).source).toBeNull()
    const { data } = await ask('{ sources { name } environments { sources { name } } }')
    expect(JSON.stringify(data)).not.toContain('shop 2')
  })

  it('answers which field is wrong and why', async () => {
    const settings = { host: 'db', port: 70000, database: '', user: 'backup', password: 'hunter2' }
    const answer = await mutate(
      'createSource',
      { environment: 'test', name: ' ', kind: 'postgres', settings },
      'source { id }',
    )
    expect(answer).toMatchObject({ code: 'INPUT_INVALID', issues: [{ path: 'name', problem: 'may not be empty' }] })
    expect(
      (await test({ environment: 'test', kind: 'postgres', settings })).issues.map(
        (issue: { path: string }) => issue.path,
      ),
    ).toEqual(['settings.port', 'settings.database'])
  })

  it('shows its settings only to those who may change them', async () => {
    const { source } = await home.addSqlite('hidden', 1)
    const bearer = await tokenOf(['backup:read', 'backup:trigger'])
    for (const field of ['settings', 'secretsSet']) {
      const { errors } = await ask(`{ source(id: "${source.id}") { ${field} } }`, {}, { bearer })
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    }
    expect((await ask(`{ source(id: "${source.id}") { name } }`, {}, { bearer })).data.source.name).toBe('hidden')
  })
})

const missing = await postgresMissing()
describe.skipIf(missing)('a server that wants a password', () => {
  let server: PostgresServer
  let id: string
  let settings: Record<string, unknown>
  beforeAll(async () => {
    server = await startPostgresServer()
    await server.query(`create role keeper login password 'hunter2-hunter2'`)
    await server.query('grant pg_read_all_data to keeper')
    settings = { host: '127.0.0.1', port: server.port, database: 'postgres', user: 'keeper' }
    const input = {
      ...{ environment: 'test', name: 'pg', kind: 'postgres' },
      settings: { ...settings, password: 'hunter2-hunter2' },
    }
    id = (await mutate('createSource', input, 'source { id }')).source.id
  })
  afterAll(() => server?.stop())

  it('is tested with the stored one where none is given, and never answers it', async () => {
    const { data } = await ask(`{ source(id: "${id}") { settings secretsSet } }`)
    expect(data.source).toEqual({ settings, secretsSet: ['password'] })
    expect(await test({ id })).toMatchObject({ tool: { name: 'pg_dump' }, bytes: expect.any(Number) })
    expect(await test({ id, settings: { ...settings, password: '' } })).toMatchObject({ tool: { name: 'pg_dump' } })
    for (const password of [null, 'hunter2-wrong'])
      expect(await test({ id, settings: { ...settings, password } })).toMatchObject({ code: 'SOURCE_ACCESS_DENIED' })
    expect(
      await test({ environment: 'test', kind: 'postgres', settings: { ...settings, database: 'none' } }),
    ).toMatchObject({ __typename: 'Problem' })
  })

  it('that is frozen is given up when the request is, and its session ends', async () => {
    const request = new AbortController()
    const sessions = async () =>
      (await server.query(`select pid from pg_stat_activity where usename = 'keeper'`)).length
    const looks = () => home.runtime.prisma.auditEvent.count({ where: { action: 'source.test' } })
    const before = await looks()
    await server.freeze()
    try {
      const text = `mutation { testSource(input: { id: "${id}" }) { __typename ${problem} } }`
      const answer = ask(text, {}, { signal: request.signal })
      // The look is recorded just before it begins.
      await expect.poll(looks).toBe(before + 1)
      request.abort()
      expect((await answer).data.testSource).toMatchObject({ code: 'REQUEST_ABANDONED' })
    } finally {
      await server.thaw()
    }
    await expect.poll(sessions, { timeout: 10_000 }).toBe(0)
    expect(await test({ id })).toMatchObject({ __typename: 'TestSourceSuccess' })
  })
})
