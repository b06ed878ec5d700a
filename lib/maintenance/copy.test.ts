import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openAccess, passwordOf } from '#lib/repositories/access.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { recoveryKit } from '#lib/repositories/recovery-kit.ts'
import { removeRepository } from '#lib/repositories/remove.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import { isAlive, slowRestic } from '#lib/testing/server.ts'
import { type SshServer, startSshServer } from '#lib/testing/ssh-server.ts'
import { startWorkerProcess } from '#lib/testing/worker-process.ts'
import type { BackupRun, Repository } from '#prisma/client/client.ts'
import { copyMissing, setCopyTarget } from './copy-target.ts'
import { missingCopiesOfPlan, withoutCopy } from './missing-copies.ts'
import { startTask } from './tasks.ts'

let home: Installation
let ssh: SshServer
let rest: RcloneServer
let source: Repository
let onSsh: Repository
let onRest: Repository
let local: Repository
let path: string
const refusal = (code: string) => expect.objectContaining({ code })
const refusedTarget = (problem: string) =>
  expect.objectContaining({ code: 'INPUT_INVALID', details: { issues: [{ path: 'targetId', problem }] } })

beforeAll(async () => {
  home = await openInstallation()
  ;[ssh, rest] = await Promise.all([startSshServer(), startRcloneServer('restic')])
  source = await home.runtime.prisma.repository.findFirstOrThrow()
  path = (await home.addFiles('photos', { 'ü "1".txt': 'first' })).path
  const make = (name: string, kind: string, settings: object) =>
    createRepository(home.runtime, home.admin, { name, kind, settings, copyOf: source.id })
  ;[onSsh, onRest, local] = await Promise.all([
    make('on-ssh', 'sftp', {
      host: '127.0.0.1',
      port: ssh.port,
      user: ssh.user,
      path: join(home.folder, 'on ssh'),
      hostKey: ssh.hostKey,
      privateKey: ssh.privateKey,
    }),
    make('on-rest', 'rest', {
      url: `http://127.0.0.1:${rest.port}`,
      user: rest.user,
      password: rest.password,
    }),
    make('local', 'local', { path: join(home.folder, 'local') }),
  ])
  await home.startWorker()
})
afterAll(async () => {
  await home?.close()
  await Promise.all([ssh?.stop(), rest?.stop()])
})

const send = (targetId: string | null, repositoryId = source.id) =>
  setCopyTarget(home.runtime, home.admin, { repositoryId, targetId })
const missing = async () => {
  const row = await home.runtime.prisma.repository.findUniqueOrThrow({ where: { id: source.id } })
  return home.runtime.prisma.backupRun.count({ where: await withoutCopy(home.runtime.prisma, row) })
}
async function save(): Promise<BackupRun> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  const backup = await home.ended(id)
  expect(backup.state).toBe('SUCCEEDED')
  return backup.runs[0] as BackupRun
}
const copyOf = (run: BackupRun) =>
  home.runtime.prisma.repositoryTask.findFirstOrThrow({
    where: { kind: 'COPY', runId: run.id },
    orderBy: { queuedAt: 'desc' },
  })
const copied = async (run: BackupRun) => {
  await expect.poll(async () => (await copyOf(run)).state, { timeout: 50_000 }).toBe('SUCCEEDED')
  return copyOf(run)
}
const packsIn = async (folder: string) => {
  const entries = await readdir(join(folder, 'data'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
const sizeOf = async (folder: string) => {
  const sizes = (await packsIn(folder)).map(async (file) => (await stat(file)).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
async function snapshotsOf(repository: Repository) {
  await using access = await openAccess(home.runtime, repository)
  return await listSnapshots(await home.runtime.restic(), access)
}

describe('a place for copies', () => {
  it('is refused when it is unknown, the repository itself, a circle, or the same under another name', async () => {
    await expect(send('nowhere')).rejects.toThrow(refusal('REPOSITORY_UNKNOWN'))
    await expect(send(source.id)).rejects.toThrow(refusedTarget('must be another repository'))
    await send(local.id, onSsh.id)
    await send(source.id, local.id)
    await expect(send(onSsh.id)).rejects.toThrow(
      refusedTarget('sends its own copies here, by itself or through others'),
    )
    await Promise.all([send(null, onSsh.id), send(null, local.id)])
    const password = passwordOf(home.runtime.secretKey, source).reveal()
    const again = { name: 'again', kind: 'local', settings: source.settings, existing: true, password }
    const { id } = await createRepository(home.runtime, home.admin, again)
    await expect(send(id)).rejects.toThrow(refusedTarget('is the same repository under another name'))
    await removeRepository(home.runtime, home.admin, id)
  })

  it('is not for operators', async () => {
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    const asked = setCopyTarget(home.runtime, operator, { repositoryId: source.id, targetId: local.id })
    await expect(asked).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(copyMissing(home.runtime, operator, source.id)).rejects.toThrow(refusal('FORBIDDEN'))
  })

  it('is in the audit log and cannot be removed; copies on their way to it end when another is chosen', async () => {
    expect((await send(local.id)).sharesPieces).toBe(true)
    const audited = await home.runtime.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'repository.copy-target' },
      orderBy: { at: 'desc' },
    })
    expect(audited).toMatchObject({ targetId: source.id, details: { to: 'local' } })
    await expect(removeRepository(home.runtime, home.admin, local.id)).rejects.toThrow(refusal('REPOSITORY_IN_USE'))
    const run = await save()
    expect(await copyOf(run)).toMatchObject({ state: 'QUEUED', repositoryId: local.id, requestedBy: null })
    await send(null)
    expect(await copyOf(run)).toMatchObject({ state: 'CANCELLED', errorCode: 'RUN_CANCELLED' })
    await expect(copyMissing(home.runtime, home.admin, source.id)).rejects.toThrow(refusal('INPUT_INVALID'))
  })
})

describe('a second copy', () => {
  it('cannot be asked for like a prune', async () => {
    const asked = startTask(home.runtime, home.admin, { repositoryId: local.id, kind: 'COPY' })
    await expect(asked).rejects.toThrow(refusal('INPUT_INVALID'))
  })

  it('goes on after its worker was killed in the middle of it', async () => {
    await send(local.id)
    await writeFile(join(path, 'big'), randomBytes(6_000_000))
    const run = await save()
    const worker = await startWorkerProcess('tasks', home, { RESTIC_BINARY: await slowRestic(home.folder, 200) })
    await expect.poll(() => packsIn(local.location), { timeout: 30_000, interval: 50 }).not.toEqual([])
    const { id, resticPid } = await copyOf(run)
    process.kill(resticPid as number, 'SIGSTOP') // as one that waits for a server; it would die of its next word otherwise
    await worker.kill()
    expect([(await copyOf(run)).state, isAlive(resticPid as number)]).toEqual(['RUNNING', true])
    await home.runtime.prisma.repositoryTask.update({ where: { id }, data: { heartbeatAt: new Date(0) } })
    await home.startMaintenance()
    expect(await copied(run)).toMatchObject({ attempt: 2, errorCode: null })
    expect(isAlive(resticPid as number)).toBe(false)
    expect((await snapshotsOf(local)).map((snapshot) => snapshot.originalId)).toEqual([run.snapshotId])
  })

  it('gives back the same with restic alone, and the recovery kit says where it is', async () => {
    await send(onSsh.id)
    const run = await save()
    const { result } = await copied(run)
    const { snapshotId } = result as { snapshotId: string }
    expect(result).toEqual({ snapshotId, files: 2, bytes: 6_000_005, seconds: expect.any(Number) })
    expect((await snapshotsOf(onSsh))[0]).toMatchObject({
      id: snapshotId,
      tags: expect.arrayContaining([`run:${run.id}`]),
    })
    await using access = await openAccess(home.runtime, onSsh)
    const target = join(home.folder, 'restored')
    await restoreSnapshot(await home.runtime.restic(), access, {
      snapshotId,
      target,
      signal: new AbortController().signal,
    })
    for (const name of ['ü "1".txt', 'big'])
      expect((await readFile(join(target, path, name))).equals(await readFile(join(path, name)))).toBe(true)
    const { text } = await recoveryKit(home.runtime, home.admin, source.id)
    expect(text).toContain(`# Copies of what is saved there are in the repository “on-ssh”: ${onSsh.location}`)
    await expect(removeRepository(home.runtime, home.admin, onSsh.id)).rejects.toThrow(refusal('REPOSITORY_IN_USE'))
  })

  it('adds little when little has changed', async () => {
    const folder = join(home.folder, 'on ssh')
    const before = await sizeOf(folder)
    expect(before).toBeGreaterThan(6_000_000)
    await writeFile(join(path, 'ü "1".txt'), 'second')
    await copied(await save())
    expect((await sizeOf(folder)) - before).toBeLessThan(1_000_000)
  })

  it('is tried again while its place cannot be reached, and made when it is asked for later; the backup stays good', async () => {
    await rest.kill()
    expect((await send(onRest.id)).sharesPieces).toBeNull()
    const run = await save()
    await expect.poll(async () => (await copyOf(run)).attempt, { timeout: 30_000 }).toBe(2)
    const { id, ...again } = await copyOf(run)
    expect(again).toMatchObject({ state: 'QUEUED', errorCode: 'REPOSITORY_UNREACHABLE', notBefore: expect.any(Date) })
    await home.runtime.prisma.repositoryTask.update({ where: { id }, data: { attempt: 5, notBefore: null } })
    await expect.poll(async () => (await copyOf(run)).state, { timeout: 30_000 }).toBe('FAILED')
    expect(await home.runtime.prisma.backupRun.findUniqueOrThrow({ where: { id: run.id } })).toEqual(run)

    await rest.revive()
    const runs = await missing()
    const { prisma } = home.runtime
    const plan = await prisma.plan.create({ data: { name: 'nightly', selection: {} } })
    expect(await missingCopiesOfPlan(prisma, plan.id)).toEqual([])
    await prisma.backup.update({ where: { id: run.backupId }, data: { planId: plan.id } })
    expect(await missingCopiesOfPlan(prisma, plan.id)).toMatchObject([
      { repository: { id: source.id }, copyTo: { id: onRest.id }, missing: 1 },
    ])
    expect(await copyMissing(home.runtime, home.admin, source.id)).toMatchObject({ queued: runs, left: 0 })
    expect(await copyMissing(home.runtime, home.admin, source.id)).toMatchObject({ queued: 0, left: 0 })
    await expect.poll(missing, { timeout: 50_000 }).toBe(0)
    expect(await missingCopiesOfPlan(prisma, plan.id)).toEqual([])
    const originals = (await snapshotsOf(onRest)).map((snapshot) => snapshot.originalId)
    expect(originals).toEqual((await snapshotsOf(source)).map((snapshot) => snapshot.id))
  })
  it('can be made from one REST server to another, each with its own sign-in', async () => {
    const settings = { url: `http://127.0.0.1:${rest.port}`, path: 'second', user: rest.user, password: rest.password }
    const made = { name: 'second-on-rest', kind: 'rest', settings, copyOf: onRest.id }
    const second = await createRepository(home.runtime, home.admin, made)
    expect((await send(second.id, onRest.id)).sharesPieces).toBe(true)
    await send(null, onRest.id)
  })

  it('is chosen and seen through GraphQL', async () => {
    setRuntime(home.runtime)
    const request = {
      email: home.admin.email,
      scopes: ['backup:read' as const, 'settings:write' as const],
      days: 1,
      name: 'test',
    }
    const { token } = await createToken(home.runtime, request)
    const ask = async (query: string) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token.reveal()}` }
      const asked = { method: 'POST', headers, body: JSON.stringify({ query }) }
      const answer = await (await graphqlDoor(new Request('http://localhost/api/graphql', asked))).json()
      expect(answer.errors).toBeUndefined()
      return answer.data
    }
    const problem = '... on Problem { code }'
    expect(
      await ask(`mutation {
        wrong: setCopyTarget(input: { repositoryId: "${source.id}", targetId: "${source.id}" }) { ${problem} }
        right: setCopyTarget(input: { repositoryId: "${source.id}", targetId: "${local.id}" }) {
          ... on SetCopyTargetSuccess { sharesPieces repository { copyTo { name } missingCopies } } ${problem} } }`),
    ).toEqual({
      wrong: { code: 'INPUT_INVALID' },
      right: { sharesPieces: true, repository: { copyTo: { name: 'local' }, missingCopies: await missing() } },
    })
    const { repositories } = await ask(
      '{ repositories { name copyOf { name } runsWithoutCopy(first: 1) { copies { run { id } kind state repository { name } error { code } } } } }',
    )
    const [before] = repositories.filter(({ name }: { name: string }) => name === source.name)
    expect(before.runsWithoutCopy[0].copies).toEqual([
      {
        run: { id: expect.any(String) },
        kind: 'COPY',
        state: 'SUCCEEDED',
        repository: { name: 'on-rest' },
        error: null,
      },
    ])
    expect(repositories.find(({ name }: { name: string }) => name === 'local').copyOf).toEqual([{ name: source.name }])
    const { copyMissing: asked } = await ask(`mutation { copyMissing(id: "${source.id}") {
      ... on CopyMissingSuccess { queued left repository { name } } ${problem} } }`)
    expect(asked).toEqual({ queued: await missing(), left: 0, repository: { name: source.name } })
  })
})
