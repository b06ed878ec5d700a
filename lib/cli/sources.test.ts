import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSecrets } from '#lib/environments/sources.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client
let shop: string

beforeAll(async () => {
  home = await openInstallation()
  client = await serveClient(home, 'sources')
  shop = (await home.addSqlite('shop file', 3)).path
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

const run: Client['run'] = (...given) => client.run(...given)
const json: Client['json'] = (...given) => client.json(...given)
const place = ['--environment', 'test']
const stored = async (id: string) => {
  const source = await home.runtime.prisma.source.findUniqueOrThrow({ where: { id } })
  return { settings: source.settings, secrets: openSecrets(source, home.runtime.secretKey) }
}

describe('sources', () => {
  test('are tried, added, listed, shown, changed, disabled, enabled and deleted', async () => {
    const sqlite = ['--kind', 'sqlite', ...place, '--set', `path=${shop}`]
    const tested = await run(['test', ...sqlite])
    expect(tested).toMatchObject({ code: 0, stdout: expect.stringContaining('It can be backed up: ') })
    expect(tested.stdout).toContain('not known before the first backup')

    const [{ id }] = await json(['add', ...sqlite, '--name', 'shop'])
    expect((await run(['list'])).stdout).toMatch(new RegExp(`${id}  test/shop +sqlite  enabled +default +never`))
    expect(await json(['list', '--environment', 'test'])).toContainEqual(expect.objectContaining({ id, name: 'shop' }))
    expect(await json(['show', id])).toMatchObject([{ id, settings: { path: shop }, secretsSet: [] }])

    expect(await json(['update', id, '--name', 'shop 2'])).toMatchObject([{ name: 'shop 2' }])
    const { id: repositoryId } = await home.runtime.prisma.repository.findFirstOrThrow()
    const savedIn = async () => (await home.runtime.prisma.source.findUniqueOrThrow({ where: { id } })).repositoryId
    await json(['update', id, '--repository', 'default'])
    expect(await savedIn()).toBe(repositoryId)
    await json(['update', id, '--no-repository'])
    expect(await savedIn()).toBeNull()
    expect(await json(['disable', id])).toMatchObject([{ enabled: false }])
    expect((await run(['list'])).stdout).toContain('disabled')
    expect(await json(['enable', id])).toMatchObject([{ enabled: true }])
    expect(await run(['delete', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') })
    expect(await json(['delete', id, '--yes'])).toMatchObject([{ id }])
    expect(await run(['show', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('SOURCE_UNKNOWN') })
  })

  test('that cannot be backed up end in exit code 1, the code and the remedy', async () => {
    const { code, stderr } = await run(['test', '--kind', 'sqlite', ...place, '--set', `path=${shop}.none`])
    expect(code).toBe(1)
    expect(stderr).toMatch(/\(PATH_NOT_FOUND\)\nWhat to do: /)
    const field = await run(['test', '--kind', 'sqlite', ...place, '--set', 'path=relative'])
    expect(field).toMatchObject({ code: 1, stderr: expect.stringContaining('settings.path: must be an absolute path') })
  })

  test('of a kind are described by its form', async () => {
    expect((await run(['kinds'])).stdout).toMatch(/^sqlite +SQLite +DATABASE/m)
    const { stdout } = await run(['kinds', 'postgres'])
    expect(stdout).toMatch(/^host +string +required +Host: /m)
    expect(stdout).toMatch(/^password +secret +Password/m)
    expect(await run(['kinds', 'oracle'])).toMatchObject({ code: 1, stderr: expect.stringContaining('postgres') })
  })

  test('show what their patterns take', async () => {
    const { path } = await home.addFiles('uploads', { 'a.txt': 'a', 'b.tmp': 'b' })
    const files = ['--kind', 'files', ...place, '--set', `paths=${path}`, 'exclude=*.tmp', 'exclude=*.bak']
    expect(await json(['preview', ...files])).toMatchObject([{ taken: { files: 1 }, leftOut: { files: 1 } }])
    expect((await run(['preview', ...files])).stdout).toMatch(/Taken: 1 files.*\n.*a\.txt\nLeft out: 1 files/)
    const plain = await run(['preview', '--kind', 'postgres', ...place])
    expect(plain).toMatchObject({ code: 1, stderr: expect.stringContaining('SOURCE_LOOK_UNSUPPORTED') })
  })
})

describe('settings', () => {
  const server = { host: '127.0.0.1', port: 5433, database: '0815', user: 'backup' }
  const add = (name: string, args: string[], given = {}) =>
    json(['add', '--kind', 'postgres', ...place, '--name', name, '--untested', ...args], given)

  test('come from a file, from standard input and from the command line, with the types of the form', async () => {
    const file = join(home.folder, 'settings.json')
    await writeFile(file, JSON.stringify({ ...server, password: 'hunter2' }))
    const [one] = await add('from a file', ['--settings', file, '--set', 'host=db.example.org'])
    const expected = { settings: { ...server, host: 'db.example.org' }, secrets: { password: 'hunter2' } }
    expect(await stored(one.id)).toEqual(expected)
    const [two] = await add('from stdin', ['--settings', '-'], { stdin: JSON.stringify(server) })
    expect(await stored(two.id)).toEqual({ settings: server, secrets: {} })
    const sets = Object.entries(server).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    const [three] = await add('by hand', sets)
    expect(await stored(three.id)).toEqual({ settings: server, secrets: {} })

    await json(['update', one.id, '--untested', '--set', 'port=5434'])
    expect(await stored(one.id)).toEqual({ ...expected, settings: { ...expected.settings, port: 5434 } })
  })

  test('take secrets from a file, a variable or standard input, and never from the command line', async () => {
    const sets = Object.entries(server).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    const file = join(home.folder, 'password')
    await writeFile(file, 'from a file\n')
    const [{ id }] = await add('secret', [...sets, '--secret-file', `password=${file}`])
    expect((await stored(id)).secrets).toEqual({ password: 'from a file' })
    const update = (args: string[], given = {}) => json(['update', id, '--untested', ...args], given)
    await update(['--secret-env', 'password=PG_PASSWORD'], { variables: { PG_PASSWORD: ' spaced ' } })
    expect((await stored(id)).secrets).toEqual({ password: ' spaced ' })
    await update(['--secret-stdin', 'password'], { stdin: 'from stdin\n' })
    expect((await stored(id)).secrets).toEqual({ password: 'from stdin' })
    await update(['--set', 'host=other.example.org'])
    expect((await stored(id)).secrets).toEqual({ password: 'from stdin' })
    expect((await run(['show', id])).stdout).not.toContain('from stdin')
    await update(['--unset', 'password'])
    expect((await stored(id)).secrets).toEqual({})

    const refused = await run(['update', id, '--untested', '--set', 'password=hunter2'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--secret-stdin password') })
    expect(refused.stderr).not.toContain('hunter2')
  })

  test.each([
    [['--settings', '/nonexistent'], 'cannot be read: ENOENT'],
    [['--settings', '-'], 'Standard input is not a JSON object'],
    [['--settings', '-', '--secret-stdin', 'password'], 'at once'],
    [['--set', 'host'], 'has no “=”'],
    [['--secret-env', 'password=NOT_SET'], 'NOT_SET is not set'],
  ])('that cannot be read are refused: %j', async (args, message) => {
    const { code, stderr } = await run(['test', '--kind', 'postgres', ...place, ...args], { stdin: 'no {json' })
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('no {json')
  })

  test('need an id or a kind', async () => {
    expect(await run(['test'])).toMatchObject({ code: 1, stderr: expect.stringContaining('sources list') })
  })
})
