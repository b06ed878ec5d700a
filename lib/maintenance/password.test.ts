import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess, passwordOf, sealedPasswordOf } from '#lib/repositories/access.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { isKitCurrent, recoveryKit } from '#lib/repositories/recovery-kit.ts'
import { openRepository } from '#lib/restic/init.ts'
import { addKey, listKeyIds } from '#lib/restic/keys.ts'
import type { RepositoryAccess } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import type { Repository } from '#prisma/client/client.ts'
import { changePassword } from './change-password.ts'
import { type PasswordChanged, password as performer } from './password.ts'
import type { TaskContext } from './performer.ts'
import { startTask } from './tasks.ts'

let home: Installation
let server: RcloneServer
let id: string
const code = (wanted: string) => expect.objectContaining({ code: wanted })
const row = (of = id): Promise<Repository> => home.runtime.prisma.repository.findUniqueOrThrow({ where: { id: of } })
const change = (input: object) => changePassword(home.runtime, home.admin, { id, ...input })
const endTasks = () => home.runtime.prisma.repositoryTask.updateMany({ data: { state: 'FAILED' } })

/** Whether a password opens it, by whichever key. */
async function opens(password: Secret, of = id): Promise<boolean> {
  await using access = await openAccess(home.runtime, await row(of))
  const asked: RepositoryAccess = { ...access, password, keyHint: undefined }
  return openRepository(await home.runtime.restic(), asked).then(
    () => true,
    () => false,
  )
}

/** One attempt, as a worker makes it; `at` is called with what it says and with each restic that it starts. */
async function attempt(at: (step: string) => void, of = id): Promise<PasswordChanged> {
  const repository = await row(of)
  const task = await home.runtime.prisma.repositoryTask.findFirstOrThrow({
    where: { repositoryId: of, kind: 'PASSWORD' },
    orderBy: { queuedAt: 'desc' },
  })
  await using access = await openAccess(home.runtime, repository)
  const context: TaskContext<Record<string, never>> = {
    task,
    repository,
    options: {},
    restic: await home.runtime.restic(),
    access,
    signal: new AbortController().signal,
    onStarted: () => at('restic'),
    onLog: (_level, message) => at(message),
  }
  return (await performer.perform(home.runtime, context)) as PasswordChanged
}

beforeAll(async () => {
  home = await openInstallation()
  server = await startRcloneServer('restic', ['--append-only'])
  id = (await home.runtime.prisma.repository.findFirstOrThrow()).id
})
afterAll(async () => {
  await server?.stop()
  await home?.close()
})

describe('the change of a password', () => {
  it('is for administrators, of passwords that restic can take, and asked for by its own door', async () => {
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    await expect(changePassword(home.runtime, operator, { id })).rejects.toThrow(code('FORBIDDEN'))
    for (const password of ['two\nlines', ' blank', '', passwordOf(home.runtime.secretKey, await row()).reveal()])
      await expect(change({ password }), JSON.stringify(password)).rejects.toThrow(code('INPUT_INVALID'))
    await expect(startTask(home.runtime, home.admin, { repositoryId: id, kind: 'PASSWORD' })).rejects.toThrow(
      code('INPUT_INVALID'),
    )
    expect((await row()).sealedNextPassword).toBeNull()
    expect(await home.runtime.prisma.repositoryTask.count()).toBe(0)
  })

  it('stopped between any two of its steps leaves a stored password that opens, and the next attempt goes on', async () => {
    const { secretKey } = home.runtime
    const before = passwordOf(secretKey, await row())
    await recoveryKit(home.runtime, home.admin, id)
    await change({})
    await expect(change({})).rejects.toThrow(code('TASK_ALREADY_ACTIVE'))
    const { sealedNextPassword } = await row()
    const next = sealedPasswordOf(secretKey, id, sealedNextPassword as string)
    await using access = await openAccess(home.runtime, await row())
    const foreign = await addKey(await home.runtime.restic(), access, new Secret('of a colleague'), {
      user: 'colleague',
      host: 'laptop',
    })

    const stoppedAt: string[] = []
    let result: PasswordChanged | undefined
    const done = new Set<string>()
    while (result === undefined) {
      result = await attempt((step) => {
        const name = step.replace(/[0-9a-f]{64}/, 'ID')
        if (name === 'restic' || done.has(step)) return
        done.add(step)
        stoppedAt.push(name)
        throw new Error('stopped')
      }).catch((error: Error) => {
        expect(error.message).toBe('stopped')
        return undefined
      })
      const stored = passwordOf(secretKey, await row())
      expect([before.reveal(), next.reveal()]).toContain(stored.reveal())
      expect(await opens(stored), stoppedAt.at(-1)).toBe(true)
    }
    expect(stoppedAt).toEqual([
      'A key for the new password was added: ID.',
      'The new password opens the repository.',
      'The new password is stored. A new recovery kit is needed.',
      'The stored password opens the repository.',
      'An earlier key was removed: ID.',
      'An earlier key was removed: ID.',
    ])
    const after = await row()
    expect(passwordOf(secretKey, after).reveal()).toBe(next.reveal())
    expect(after).toMatchObject({ sealedNextPassword: null, retiredKeyIds: [] })
    expect(await opens(before)).toBe(false)
    expect(result).toMatchObject({ removed: [], kept: [], others: [{ id: foreign, user: 'colleague' }], warning: null })
    const ids = await listKeyIds(await home.runtime.restic(), { ...access, password: next, keyHint: undefined })
    expect(ids.sort()).toEqual([foreign, after.keyId, after.spareKeyId].sort())
    expect(isKitCurrent(after)).toBe(false)
    await endTasks()
  })

  it('goes on with the password of an attempt that failed, or with the one that is given now', async () => {
    const { secretKey } = home.runtime
    await change({})
    const { sealedNextPassword } = await row()
    const dropped = sealedPasswordOf(secretKey, id, sealedNextPassword as string)
    await expect(
      attempt((step) => {
        if (step.startsWith('A key')) throw new Error('stopped')
      }),
    ).rejects.toThrow('stopped')
    expect(await opens(dropped)).toBe(true)
    await endTasks()
    await change({})
    expect((await row()).sealedNextPassword).toBe(sealedNextPassword)
    await endTasks()

    await change({ password: 'chosen $by "hand" ü' })
    const { others, removed } = await attempt(() => {})
    expect(removed).toHaveLength(3)
    expect(others).toHaveLength(1)
    expect(await opens(new Secret('chosen $by "hand" ü'))).toBe(true)
    expect(await opens(dropped)).toBe(false)
    const rows = await home.runtime.prisma.auditEvent.findMany({ where: { action: 'repository.password' } })
    expect(rows.map((one) => one.details)).toContainEqual(expect.objectContaining({ isGiven: true }))
    expect(JSON.stringify(rows)).not.toContain('by "hand"')
    await endTasks()
  })

  it('is done by a worker, and a killed restic in the middle of it changes nothing', async () => {
    const before = passwordOf(home.runtime.secretKey, await row())
    const { id: taskId } = await change({})
    let started = 0
    await expect(
      attempt((step) => {
        started += step === 'restic' ? 1 : 0
        if (started === 2) throw new Error('killed') // while it adds the key
      }),
    ).rejects.toThrow('killed')
    expect(await opens(before)).toBe(true)
    const maintenance = await home.startMaintenance()
    const state = async () =>
      (await home.runtime.prisma.repositoryTask.findUniqueOrThrow({ where: { id: taskId } })).state
    await expect.poll(state, { timeout: 60_000 }).toBe('SUCCEEDED')
    await maintenance.stop()
    expect(await opens(before)).toBe(false)
    expect(await opens(passwordOf(home.runtime.secretKey, await row()))).toBe(true)
  })

  it('at an append-only server leaves the old key, and says so', async () => {
    const settings = {
      url: `http://127.0.0.1:${server.port}`,
      path: 'kept',
      user: server.user,
      password: server.password,
    }
    const made = await createRepository(home.runtime, home.admin, { name: 'kept', kind: 'rest', settings })
    const before = passwordOf(home.runtime.secretKey, made)
    await changePassword(home.runtime, home.admin, { id: made.id })
    const { removed, kept, warning } = await attempt(() => {}, made.id)
    expect(removed).toEqual([])
    expect(kept.sort()).toEqual([made.keyId, made.spareKeyId].sort())
    expect(warning).toMatchObject({ code: 'REPOSITORY_KEY_STAYS' })
    const after = await row(made.id)
    expect(after.retiredKeyIds.sort()).toEqual(kept)
    expect(await opens(passwordOf(home.runtime.secretKey, after), made.id)).toBe(true)
    expect(await opens(before, made.id)).toBe(true)
  })
})
