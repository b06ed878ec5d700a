import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAccess, passwordOf } from '#lib/repositories/access.ts'
import { holdLock } from '#lib/restic/testing/lock-holder.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client
const run: Client['run'] = (...given) => client.run(...given)
const json: Client['json'] = (...given) => client.json(...given)
const row = (name: string) => home.runtime.prisma.repository.findUniqueOrThrow({ where: { name } })
const passwordIn = async (name: string) => passwordOf(home.runtime.secretKey, await row(name)).reveal()
const at = (name: string) => ['--kind', 'local', '--set', `path=${join(home.folder, name)}`]

beforeAll(async () => {
  home = await openInstallation()
  client = await serveClient(home, 'repositories')
  await home.startMaintenance()
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

describe('repositories', () => {
  test('are tried, made, listed, shown, changed, made the default and removed', async () => {
    expect(await run(['test', ...at('other')])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('it can be made'),
    })
    const made = await run(['add', '--name', 'other', ...at('other')])
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('Take it: backup-trigger repositories kit') })
    const { id } = await row('other')
    expect((await run(['list'])).stdout).toMatch(
      new RegExp(`${id}  other +local +NEVER_CHECKED +never +${home.folder}/other`),
    )
    expect(await json(['show', 'other'])).toMatchObject([{ id, settings: { path: join(home.folder, 'other') } }])

    const [changed] = await json([
      'update',
      'other',
      '--name',
      'offsite',
      '--option',
      'runsAtOnce=3',
      'windowFrom=01:00',
      'windowTo=05:00',
    ])
    expect(changed).toMatchObject({ id, name: 'offsite' })
    const { stdout } = await run(['show', id])
    expect(stdout).toMatch(/^option +runsAtOnce +3$/m)
    expect(stdout).toMatch(/^option +windowFrom +01:00$/m)
    await json(['update', id, '--option', 'runsAtOnce=', 'windowFrom=', 'windowTo='])
    expect((await run(['show', id])).stdout).not.toContain('windowFrom')

    expect(await json(['default', 'offsite'])).toMatchObject([{ id, isDefault: true }])
    expect(await run(['remove', 'offsite', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('REPOSITORY_IN_USE'),
    })
    await json(['default', 'default'])
    expect(await run(['remove', 'offsite'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') })
    expect(await json(['remove', 'offsite', '--yes'])).toEqual([{ id }])
    expect(await run(['show', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('REPOSITORY_UNKNOWN') })
  })

  test('of a kind, and what can be chosen for each, are described by their forms', async () => {
    expect((await run(['kinds'])).stdout).toMatch(/^sftp +SFTP server/m)
    expect((await run(['kinds', 's3'])).stdout).toMatch(/^secretAccessKey +secret +required/m)
    expect((await run(['options'])).stdout).toMatch(/^pruneEveryDays +integer/m)
    expect(await run(['kinds', 'tape'])).toMatchObject({ code: 1, stderr: expect.stringContaining('rclone') })
  })

  test('that exist are connected with their password, which comes from a file, a variable or standard input', async () => {
    await json(['add', '--name', 'first', ...at('existing')])
    const password = await passwordIn('first')
    await json(['remove', 'first', '--yes'])

    const wrong = await run(['add', '--existing', '--name', 'again', ...at('existing'), '--password-stdin'], {
      stdin: 'no\n',
    })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('REPOSITORY_WRONG_PASSWORD') })
    expect(await run(['test', ...at('existing')])).toMatchObject({
      stdout: expect.stringContaining('give its password'),
    })
    const opened = await run(['test', ...at('existing'), '--password-stdin'], { stdin: `${password}\n` })
    expect(opened).toMatchObject({ code: 0, stdout: expect.stringContaining('the password opens it') })

    const file = join(home.folder, 'password')
    await writeFile(file, `${password}\n`)
    await json(['add', '--existing', '--name', 'again', ...at('existing'), '--password-file', file])
    expect(await passwordIn('again')).toBe(password)
    const given = { variables: { REPOSITORY_PASSWORD: password } }
    expect((await run(['test', ...at('existing'), '--password-env', 'REPOSITORY_PASSWORD'], given)).code).toBe(0)
    const both = await run(['test', ...at('existing'), '--password-stdin', '--password-file', file])
    expect(both).toMatchObject({ code: 1, stderr: expect.stringContaining('given twice') })
  })
})

describe('a recovery kit', () => {
  test('is printed, or written to a new file that only its owner can read', async () => {
    const password = await passwordIn('default')
    expect((await run(['kit', 'default'])).stdout).toContain(`export RESTIC_PASSWORD='${password}'`)
    const file = join(home.folder, 'kit.txt')
    const written = await run(['kit', 'default', '--out', file])
    expect(written).toMatchObject({ code: 0, stdout: expect.not.stringContaining(password) })
    expect(await readFile(file, 'utf8')).toContain(password)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('is not taken when its file cannot be made', async () => {
    const looks = () => home.runtime.prisma.auditEvent.count({ where: { action: 'repository.kit' } })
    const before = await looks()
    const file = join(home.folder, 'mine.txt')
    await writeFile(file, 'mine')
    expect(await run(['kit', 'default', '--out', file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there already'),
    })
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect((await run(['kit', 'default', '--out', join(home.folder, 'none/kit.txt')])).stderr).toContain('ENOENT')
    expect(await looks()).toBe(before)
  })

  test('that is refused leaves no file behind', async () => {
    const file = join(home.folder, 'refused.txt')
    expect(await run(['kit', 'nowhere', '--out', file])).toMatchObject({ code: 1 })
    const { id } = await row('default')
    const actor = { where: { id: home.admin.userId as string }, data: { role: 'VIEWER' as const } }
    await home.runtime.prisma.user.update(actor)
    try {
      expect(await run(['kit', id, '--out', file])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('FORBIDDEN'),
      })
    } finally {
      await home.runtime.prisma.user.update({ ...actor, data: { role: 'ADMIN' } })
    }
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })
})

describe('locks', () => {
  test('are shown, and removed one by one while the others were seen, too', async () => {
    expect((await run(['locks', 'default'])).stdout).toBe('Nobody has it locked.\n')
    const { noteProcess: _, ...access } = await openAccess(home.runtime, await row('default'))
    const [first, second] = [
      await holdLock(await home.runtime.restic(), access),
      await holdLock(await home.runtime.restic(), access),
    ]
    await Promise.all([first.kill(), second.kill()])
    const locks = await json(['locks', 'default'])
    const idOf = (pid: number | undefined) => locks.find((lock) => lock.pid === pid).id as string
    const shown = (await run(['locks', 'default'])).stdout
    expect(shown).toMatch(
      new RegExp(`^${idOf(first.pid).slice(0, 8)}  another program +\\S+ +\\S+ +${first.pid} `, 'm'),
    )

    const one = ['unlock', 'default', '--lock', idOf(first.pid).slice(0, 8)]
    expect(await run(one)).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') })
    expect(await run([...one, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('LOCKS_CHANGED') })
    expect(await json([...one, '--keep', idOf(second.pid), '--yes'])).toMatchObject([{ id: idOf(first.pid) }])
    expect(await run([...one, '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no lock that is there'),
    })
    await json(['unlock', 'default', '--lock', idOf(second.pid), '--yes'])
  })
})

describe('tasks', () => {
  test('are started, waited for and listed', async () => {
    const pruned = await run(['prune', 'default', '--wait'])
    expect(pruned).toMatchObject({ code: 0, stdout: expect.stringMatching(/prune +SUCCEEDED/) })
    const checked = await run(['check', 'default', '--read-data', 'all', '--wait'])
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is wrong.') })
    expect((await run(['count', 'default', '--wait'])).code).toBe(0)
    expect((await run(['stats', 'default'])).stdout).toMatch(/^snapshots +0$/m)
    const tasks = await json(['tasks', 'default'])
    for (const kind of ['PRUNE', 'CHECK', 'STATISTICS'])
      expect(tasks).toContainEqual(expect.objectContaining({ kind, state: 'SUCCEEDED' }))
  })

  test('that have not ended are cancelled', async () => {
    const { id: repositoryId } = await row('default')
    const notBefore = new Date('2100-01-01')
    const { id } = await home.runtime.prisma.repositoryTask.create({ data: { repositoryId, kind: 'PRUNE', notBefore } })
    expect(await json(['cancel-task', id])).toMatchObject([{ id, state: 'CANCELLED' }])
    const again = await run(['cancel-task', id])
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('TASK_ALREADY_ENDED') })
  })
})
