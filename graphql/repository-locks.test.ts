import { readdir, rename } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { graphql } from 'graphql'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTask } from '#lib/maintenance/tasks.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { holdLock, type LockHolder } from '#lib/restic/testing/lock-holder.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { Context } from './context.ts'
import { schema } from './schema.ts'

let home: Installation
let repository: Repository
const holders: LockHolder[] = []

beforeAll(async () => {
  home = await openInstallation()
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
  const real = home.runtime.restic
  home.runtime.restic = async () => ({ ...(await real()), retryLockSeconds: 0 })
})
afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.kill().catch(() => {})
})
afterAll(() => home?.close())

async function lockHolder(whose: 'ours' | 'foreign') {
  const { noteProcess, ...access } = await openAccess(home.runtime, repository)
  const holder = await holdLock(await home.runtime.restic(), whose === 'ours' ? { ...access, noteProcess } : access)
  holders.push(holder)
  return holder
}

async function ask(source: string, variables: object = {}, actor = home.admin) {
  const contextValue: Context = { runtime: home.runtime, actor, origin: 'API', signal: new AbortController().signal }
  const answer = await graphql({ schema, source, variableValues: { ...variables }, contextValue })
  expect(answer.errors).toBeUndefined()
  return JSON.parse(JSON.stringify(answer.data))
}

const fields = 'id host pid user ageSeconds exclusive holder run { id } task { kind }'
const shown = async () => {
  const { repositories } = await ask(`{ repositories { locks { __typename
    ... on RepositoryLocksSuccess { locks { ${fields} } } ... on Problem { code message remedy } } } }`)
  return repositories[0].locks
}
const removal = `mutation ($input: RemoveRepositoryLocksInput!) { removeRepositoryLocks(input: $input) { __typename
  ... on RemoveRepositoryLocksSuccess { removed { id } } ... on Problem { code message remedy } } }`
const remove = async (ids: string[], seen: string[], actor = home.admin) =>
  (await ask(removal, { input: { repositoryId: repository.id, remove: ids, seen } }, actor)).removeRepositoryLocks

describe('the locks of a repository', () => {
  it('are shown with who holds them, and go only as an administrator has seen them', async () => {
    const foreign = await lockHolder('foreign')
    await foreign.kill()
    const { locks: first } = await shown()
    const one = { host: hostname(), pid: foreign.pid, exclusive: false, holder: 'FOREIGN', run: null, task: null }
    expect(first).toMatchObject([one])
    expect(first[0].ageSeconds).toBeLessThan(300)

    const ours = await lockHolder('ours')
    const { locks } = await shown()
    expect(locks.find((lock: { pid: number }) => lock.pid === ours.pid)).toMatchObject({ holder: 'OURS_ALIVE' })
    const living = locks.find((lock: { pid: number }) => lock.pid === ours.pid).id
    const dead = first[0].id
    expect(await remove([living], [living, dead])).toMatchObject({ code: 'LOCK_ALIVE' })

    const later = await lockHolder('foreign')
    expect(await remove([dead], [living, dead])).toMatchObject({
      code: 'LOCKS_CHANGED',
      message: expect.stringContaining(`process ${later.pid}`),
    })
    expect(await readdir(join(repository.location, 'locks'))).toHaveLength(3)

    const all = (await shown()).locks.map((lock: { id: string }) => lock.id)
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    expect(await remove([dead], all, operator)).toMatchObject({ code: 'FORBIDDEN' })
    expect(await remove([dead], all)).toMatchObject({ removed: [{ id: dead }] })
    expect((await readdir(join(repository.location, 'locks'))).sort()).toEqual(
      all.filter((id: string) => id !== dead).sort(),
    )
    const audited = await home.runtime.prisma.auditEvent.findMany({ where: { action: 'repository.locks-remove' } })
    expect(audited).toHaveLength(1)
    expect(audited[0]?.details).toMatchObject({ locks: [expect.stringContaining(`process ${foreign.pid}`)] })

    await ours.kill()
    expect((await shown()).locks.find((lock: { id: string }) => lock.id === living)).toMatchObject({
      holder: 'OURS_DEAD',
    })
  })

  it('are a problem of their own when they cannot be looked at', async () => {
    await rename(repository.location, `${repository.location}-away`)
    expect(await shown()).toMatchObject({ code: 'REPOSITORY_MISSING', remedy: expect.any(String) })
    await rename(`${repository.location}-away`, repository.location)
  })
})

it('a task that another program’s lock stops says who holds it, and what to do', async () => {
  const foreign = await lockHolder('foreign')
  const maintenance = await home.startMaintenance()
  const { id } = await startTask(home.runtime, home.admin, { repositoryId: repository.id, kind: 'PRUNE' })
  const task = () => home.runtime.prisma.repositoryTask.findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await task()).errorCode, { timeout: 30_000 }).toBe('REPOSITORY_LOCKED')
  const { errorMessage, errorRemedy } = await task()
  expect(errorMessage).toContain(`a lock of ${userInfo().username} on ${hostname()}, process ${foreign.pid}, `)
  expect(errorRemedy).toContain('“Locks”')
  await maintenance.stop()
})
