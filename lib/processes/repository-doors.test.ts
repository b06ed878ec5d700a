import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import type { Scope } from '#lib/auth/actor.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { runChild } from '#lib/process/child.ts'
import { accessFolder, passwordOf } from '#lib/repositories/access.ts'
import { repositoryKinds } from '#lib/repositories/kinds.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import { type SshServer, startSshServer } from '#lib/testing/ssh-server.ts'

let home: Installation
let token: string
let rest: RcloneServer
let ssh: SshServer

async function tokenOf(scopes: Scope[]): Promise<string> {
  const request = { email: home.admin.email, scopes, days: 1, name: 'test' }
  return (await createToken(home.runtime, request)).token.reveal()
}

beforeAll(async () => {
  home = await openInstallation()
  setRuntime(home.runtime)
  token = await tokenOf(['backup:read', 'backup:trigger', 'settings:write'])
  rest = await startRcloneServer('restic')
  ssh = await startSshServer()
  await home.startWorker()
})
afterAll(async () => {
  await Promise.all([rest?.stop(), ssh?.stop()])
  await home?.close()
})

async function ask(query: string, variables: object = {}, bearer = token) {
  const request = new Request('http://localhost/api/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await (await graphqlDoor(request)).json()
  expect(errors).toBeUndefined()
  return data
}
const PROBLEM = '... on Problem { code message remedy issues { path problem } }'
const test = async (input: object) =>
  (
    await ask(
      `mutation ($input: TestRepositoryInput!) { testRepository(input: $input) {
         __typename ... on TestRepositorySuccess { location state } ${PROBLEM} } }`,
      { input },
    )
  ).testRepository
const create = async (input: object) =>
  (
    await ask(
      `mutation ($input: CreateRepositoryInput!) { createRepository(input: $input) {
         __typename ... on CreateRepositorySuccess { repository { id name kind location isDefault } } ${PROBLEM} } }`,
      { input },
    )
  ).createRepository
const change = async (
  name: 'makeRepositoryDefault' | 'removeRepository' | 'recoveryKit',
  id: string,
  bearer = token,
) => {
  const selection = { makeRepositoryDefault: 'repository { isDefault }', removeRepository: 'id', recoveryKit: 'text' }
  const success = `${name[0]?.toUpperCase()}${name.slice(1)}Success`
  const text = `mutation ($id: ID!) { ${name}(id: $id) { __typename ... on ${success} { ${selection[name]} } ${PROBLEM} } }`
  return (await ask(text, { id }, bearer))[name]
}

const restPlace = (path: string) => ({
  kind: 'rest',
  settings: { url: `http://127.0.0.1:${rest.port}`, path, user: rest.user, password: rest.password },
})
const sshPlace = (path: string) => ({
  kind: 'sftp',
  settings: {
    host: '127.0.0.1',
    port: ssh.port,
    user: ssh.user,
    path: join(home.folder, path),
    hostKey: ssh.hostKey,
    privateKey: ssh.privateKey,
  },
})

describe('the kinds of repositories', () => {
  it('come with a form for each', async () => {
    const { repositoryKinds: kinds } = await ask('{ repositoryKinds { kind title form secretFields } }')
    expect(kinds.map((one: { kind: string }) => one.kind)).toEqual([...repositoryKinds])
    for (const { kind, title, form, secretFields } of kinds) {
      expect(title).not.toBe('')
      for (const [name, field] of Object.entries<{ title?: string; secret?: true }>(form.properties)) {
        expect(field.title, `${kind}.${name}`).toBeTruthy()
        expect(field.secret === true, `${kind}.${name}`).toBe(secretFields.includes(name))
      }
    }
  })
})

describe('a repository', () => {
  it('is tested, made, made the default and removed; what is wrong is named', async () => {
    const place = restPlace('first')
    expect(await test(place)).toMatchObject({ state: 'ABSENT', location: `rest:http://127.0.0.1:${rest.port}/first/` })
    const wrong = { ...place, settings: { ...place.settings, password: 'wrong' } }
    expect(await test(wrong)).toMatchObject({ __typename: 'Problem', code: 'REPOSITORY_ACCESS_DENIED' })
    expect(await create({ name: 'first', ...wrong })).toMatchObject({ code: 'REPOSITORY_ACCESS_DENIED' })
    expect(await test({ ...place, settings: { url: 'ftp://x' } })).toMatchObject({
      code: 'INPUT_INVALID',
      issues: [expect.objectContaining({ path: 'settings.url' })],
    })
    expect(await test({ kind: 'tape', settings: {} })).toMatchObject({ code: 'REPOSITORY_KIND_UNKNOWN' })

    const { repository } = await create({ name: 'first', ...place })
    expect(repository).toMatchObject({ name: 'first', kind: 'rest', isDefault: false })
    expect(await create({ name: 'first', ...restPlace('other') })).toMatchObject({ code: 'NAME_TAKEN' })
    expect(await create({ name: 'again', ...place })).toMatchObject({ code: 'REPOSITORY_EXISTS' })
    expect(await test(place)).toMatchObject({ state: 'EXISTS' })
    expect(await change('removeRepository', repository.id)).toMatchObject({ id: repository.id })
    expect(await change('removeRepository', repository.id)).toMatchObject({ code: 'REPOSITORY_UNKNOWN' })
    const row = await home.runtime.prisma.repository.findFirstOrThrow({ where: { isDefault: true } })
    expect(await change('removeRepository', row.id)).toMatchObject({ code: 'REPOSITORY_IN_USE' })
  })

  it('that exists is connected with its password and with no other', async () => {
    const place = restPlace('older')
    const made = await create({ name: 'older', ...place, password: 'known since then' })
    await change('removeRepository', made.repository.id)
    const again = { name: 'older', ...place, existing: true }
    expect(await create(again)).toMatchObject({ code: 'INPUT_INVALID' })
    expect(await create({ ...again, password: 'another' })).toMatchObject({ code: 'REPOSITORY_WRONG_PASSWORD' })
    expect(await create({ ...again, ...restPlace('nowhere'), password: 'x' })).toMatchObject({
      code: 'REPOSITORY_MISSING',
    })
    expect(await create({ ...again, password: 'known since then' })).toMatchObject({ repository: { name: 'older' } })
  })

  it('is closed to those who may not change settings, and its secrets are in no answer and no plain column', async () => {
    const reader = await tokenOf(['backup:read', 'backup:trigger'])
    const { repository } = await create({ name: 'guarded', ...restPlace('guarded') })
    expect(await change('recoveryKit', repository.id, reader)).toMatchObject({ code: 'FORBIDDEN' })
    expect(await change('makeRepositoryDefault', repository.id, reader)).toMatchObject({ code: 'FORBIDDEN' })
    const row = await home.runtime.prisma.repository.findUniqueOrThrow({ where: { id: repository.id } })
    expect(JSON.stringify(row)).not.toContain(rest.password)
    expect(JSON.stringify(row)).not.toContain(passwordOf(home.runtime.secretKey, row).reveal())
  })
})

describe('a repository that is changed', () => {
  const FIELDS = 'name options settings secretsSet'
  const update = async (input: object, bearer = token) =>
    (
      await ask(
        `mutation ($input: UpdateRepositoryInput!) { updateRepository(input: $input) {
           __typename ... on UpdateRepositorySuccess { repository { ${FIELDS} } } ${PROBLEM} } }`,
        { input },
        bearer,
      )
    ).updateRepository

  it('shows what it is made of but its secrets, and takes what its form offers', async () => {
    const { repository } = await create({ name: 'changed', ...restPlace('changed') })
    const { repositoryOptionsForm: form } = await ask('{ repositoryOptionsForm }')
    for (const [name, field] of Object.entries<{ title?: string }>(form.properties))
      expect(field.title, name).toBeTruthy()
    const { password: _, ...settings } = restPlace('changed').settings
    const changed = await update({ id: repository.id, name: 'named', options: { runsAtOnce: 5 } })
    expect(changed.repository).toEqual({
      name: 'named',
      options: expect.objectContaining({ runsAtOnce: 5, pruneEveryDays: 7 }),
      settings,
      secretsSet: ['password'],
    })
    expect(await update({ id: repository.id, options: { runsAtOnce: 0 } })).toMatchObject({
      issues: [expect.objectContaining({ path: 'options.runsAtOnce' })],
    })
    const reader = await tokenOf(['backup:read'])
    expect(await update({ id: repository.id, name: 'x' }, reader)).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('gets another password, as a task in which it is not written down', async () => {
    const { repository } = await create({ name: 'renewed', ...restPlace('renewed') })
    const renew = async (password: string | null, bearer = token) =>
      (
        await ask(
          `mutation ($id: ID!, $password: String) { changeRepositoryPassword(id: $id, password: $password) { __typename
             ... on ChangeRepositoryPasswordSuccess { task { kind title state options requestedBy
               repository { passwordChangePending hasSpareKey earlierKeysLeft } } } ${PROBLEM} } }`,
          { id: repository.id, password },
          bearer,
        )
      ).changeRepositoryPassword
    expect(await renew(null, await tokenOf(['backup:read']))).toMatchObject({ code: 'FORBIDDEN' })
    expect(await renew('two\nlines')).toMatchObject({
      code: 'INPUT_INVALID',
      issues: [expect.objectContaining({ path: 'password' })],
    })
    const { task } = await renew('a new one')
    expect(task).toMatchObject({ kind: 'PASSWORD', state: 'QUEUED', options: {}, requestedBy: home.admin.email })
    expect(task.repository).toEqual({ passwordChangePending: true, hasSpareKey: true, earlierKeysLeft: 0 })
    expect(await renew(null)).toMatchObject({ code: 'TASK_ALREADY_ACTIVE' })
    const { prisma } = home.runtime
    const rows = [
      await prisma.repositoryTask.findMany(),
      await prisma.auditEvent.findMany(),
      await prisma.repository.findMany(),
    ]
    expect(JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toContain(
      'a new one',
    )
  })

  it('is chosen for a source, and the default one again', async () => {
    const { repository } = await create({ name: 'chosen', ...restPlace('chosen') })
    const { source } = await home.addFiles('of its own', { a: 'a' })
    const choose = async (repositoryId: string | null) =>
      (
        await ask(
          `mutation ($input: UpdateSourceInput!) { updateSource(input: $input) {
             __typename ... on UpdateSourceSuccess { source { repositoryId repository { name } } } ${PROBLEM} } }`,
          { input: { id: source.id, repositoryId } },
        )
      ).updateSource
    expect(await choose(repository.id)).toMatchObject({
      source: { repositoryId: repository.id, repository: { name: 'chosen' } },
    })
    expect(await choose(home.environmentId)).toMatchObject({ code: 'REPOSITORY_UNKNOWN' })
    expect(await choose(null)).toMatchObject({ source: { repositoryId: null, repository: { name: 'default' } } })
  })
})

describe.each([
  ['a REST server', restPlace],
  ['an SFTP server', sshPlace],
] as const)('a backup to %s', (title, place) => {
  it('is restored by following the recovery kit with restic alone', async () => {
    const { runtime, admin } = home
    await runtime.prisma.source.updateMany({ data: { enabled: false } })
    const { path } = await home.addFiles(`uploads for ${title}`, { 'ü 1.txt': 'hello', b: 'x'.repeat(100_000) })
    const name = `kit's "${title}"`
    const { repository } = await create({ name, ...place(`of ${title.split(' ')[1]}`) })
    expect(await change('makeRepositoryDefault', repository.id)).toMatchObject({ repository: { isDefault: true } })
    const { id } = await triggerBackup(runtime, admin, 'API', { type: 'STORAGE' })
    const backup = await home.ended(id)
    expect(backup.runs.map((run) => [run.state, run.repositoryId])).toEqual([['SUCCEEDED', repository.id]])
    expect(await readdir(accessFolder(runtime.config)).catch(() => [])).toEqual([])

    const needed = async () =>
      (await ask('query ($id: ID!) { repository(id: $id) { kitNeeded } }', { id: repository.id })).repository.kitNeeded
    expect(await needed()).toBe(true)
    const { text } = await change('recoveryKit', repository.id)
    expect(await needed()).toBe(false)
    const folder = join(home.folder, `elsewhere ${title}`)
    await mkdir(folder)
    const { binary } = await runtime.restic()
    const env = { PATH: `${dirname(binary)}:/usr/bin:/bin`, HOME: folder }
    const followed = await runChild({ command: '/bin/sh', args: ['-e', '-c', text], env, cwd: folder })
    expect(followed.code, followed.stderr).toBe(0)
    const [source] = await readdir(join(folder, 'restored'))
    const restored = join(folder, 'restored', source as string, path)
    expect(await readFile(join(restored, 'ü 1.txt'), 'utf8')).toBe('hello')
    expect(await readFile(join(restored, 'b'), 'utf8')).toBe('x'.repeat(100_000))
    const events = await runtime.prisma.auditEvent.findMany({ where: { targetId: repository.id } })
    expect(events.map((event) => event.action)).toEqual(['repository.create', 'repository.default', 'repository.kit'])
  })
})
