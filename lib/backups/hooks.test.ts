import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { graphql } from 'graphql'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { schema } from '#graphql/schema.ts'
import { createPlan, updatePlan } from '#lib/plans/change.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { runPlan } from '#lib/schedules/run-plan.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupHook } from '#prisma/client/client.ts'
import { cancelBackup } from './cancel.ts'
import { hookWaitsFor } from './hook-waits.ts'
import { interruptAbandoned } from './recover.ts'
import type { Worker } from './worker.ts'

let home: Installation
let folder: string
let worker: Worker | undefined
let sourceId: string
const prisma = () => home.runtime.prisma
const command = (name: string, word?: string) => ({
  kind: 'command',
  command: name,
  ...(word && { values: [{ name: 'word', value: word }] }),
})
const said = async () => (await readFile(join(folder, 'said'), 'utf8').catch(() => '')).trim().split('\n')

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'backup-trigger-hooks-')))
  const program = async (name: string, lines: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
    return { program: join(folder, name), arguments: name === 'say' ? [{ value: 'word', pattern: '[a-z]+' }] : [] }
  }
  const commands = [
    { name: 'say', hook: await program('say', `echo $PHASE $1 $OUTCOME >> ${folder}/said; echo "said $1"`) },
    { name: 'fail', hook: await program('fail', `echo "fail $PHASE" >> ${folder}/said; echo "no shop" >&2; exit 1`) },
    { name: 'hang', hook: await program('hang', `echo "hang $PHASE" >> ${folder}/said; exec /bin/sleep 60`) },
  ]
  await writeFile(join(folder, 'commands.json'), JSON.stringify({ commands }), { mode: 0o600 })
  home = await openInstallation({ COMMANDS_FILE: join(folder, 'commands.json') })
  sourceId = (await home.addFiles('shop', { 'a.txt': 'a' })).source.id
})
beforeEach(async () => {
  await rm(join(folder, 'said'), { force: true })
  await prisma().rateHit.deleteMany()
})
afterEach(async () => {
  await worker?.stop(0)
  worker = undefined
  await prisma().backup.deleteMany()
  await prisma().plan.deleteMany()
})
afterAll(async () => {
  await home?.close()
  await rm(folder, { recursive: true, force: true })
})

const plan = (more: object) =>
  createPlan(home.runtime, home.admin, {
    name: 'nightly',
    schedule: null,
    selection: { sourceIds: [sourceId] },
    ...more,
  })
const start = async (more: object) => runPlan(home.runtime, home.admin, 'API', (await plan(more)).id)
const hooksOf = (backupId: string) =>
  prisma().backupHook.findMany({ where: { backupId }, orderBy: [{ phase: 'asc' }, { position: 'asc' }] })
const hooksReach = async (backupId: string, states: string[]): Promise<BackupHook[]> => {
  await expect
    .poll(async () => (await hooksOf(backupId)).map((hook) => hook.state), { timeout: 30_000 })
    .toEqual(states)
  return hooksOf(backupId)
}

describe('the hooks of a plan', () => {
  it('are called in order before the first run and after the last one, which waits for them', async () => {
    const hooksBefore = [command('say', 'one'), command('say', 'two')]
    const { id } = await start({ hooksBefore, hooksAfter: [command('say', 'three')] })
    worker = await home.startWorker()
    const { state, runs, events } = await home.ended(id)
    expect(state).toBe('SUCCEEDED')
    const hooks = await hooksReach(id, ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'])
    expect(await said()).toEqual(['before one', 'before two', 'after three succeeded'])
    expect(Number(hooks[1]?.finishedAt)).toBeLessThanOrEqual(Number(runs[0]?.startedAt))
    expect(events.map(({ message }) => message)).toContain('said one')
  })

  it('let a run say that it waits for them', async () => {
    const { id } = await start({ hooksBefore: [command('hang')] })
    worker = await home.startWorker()
    await hooksReach(id, ['RUNNING'])
    const { reasons } = decideTurns(await readTurns(prisma(), home.runtime.config))
    expect([...reasons.values()]).toEqual(['the hook before it, the command “hang”'])
  })

  it('stop the backup when one before it fails: nothing is saved, and those after it are called all the same', async () => {
    const hooksBefore = [command('fail'), command('say', 'never')]
    const { id } = await start({ hooksBefore, hooksAfter: [command('say', 'out')] })
    worker = await home.startWorker()
    const { state, runs, events } = await home.ended(id)
    expect([state, runs.length]).toEqual(['FAILED', 1])
    expect(runs[0]).toMatchObject({ errorCode: 'HOOK_FAILED', startedAt: null, snapshotId: null })
    expect(runs[0]?.errorMessage).toContain('no shop')
    expect(events.filter(({ level }) => level === 'ERROR')).toHaveLength(1)
    await hooksReach(id, ['FAILED', 'CANCELLED', 'SUCCEEDED'])
    expect(await said()).toEqual(['fail before', 'after out failed'])
  })

  it('are tried again as the plan says of its runs', async () => {
    const { id } = await start({ hooksBefore: [command('fail')], retries: 1, retryPauseSeconds: 1 })
    worker = await home.startWorker()
    expect(await home.ended(id)).toMatchObject({ state: 'FAILED', runs: [{ attempt: 1 }] })
    expect(await hooksReach(id, ['FAILED'])).toMatchObject([{ attempt: 2, errorCode: 'HOOK_COMMAND_FAILED' }])
    expect(await said()).toEqual(['fail before', 'fail before'])
  })

  it('that fail after a backup change nothing of its outcome, and people are told', async () => {
    const told: unknown[] = []
    await home.runtime.queue.work('notify.hook-failed', { concurrency: 1 }, async (job) => void told.push(job))
    const { id } = await start({ hooksAfter: [command('gone'), command('say', 'out')] })
    worker = await home.startWorker()
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
    const [failed] = await hooksReach(id, ['FAILED', 'SUCCEEDED'])
    expect(failed).toMatchObject({ errorCode: 'COMMAND_NOT_ALLOWED' })
    await expect.poll(() => told, { timeout: 20_000 }).toEqual([{ hookId: failed?.id }])
    expect(await prisma().backup.findUnique({ where: { id } })).toMatchObject({ state: 'SUCCEEDED' })
  })

  it('end when the backup is cancelled, those after it excepted', async () => {
    const { id } = await start({
      hooksBefore: [command('hang'), command('say', 'never')],
      hooksAfter: [command('say', 'out')],
    })
    worker = await home.startWorker()
    await hooksReach(id, ['RUNNING', 'QUEUED', 'QUEUED'])
    await cancelBackup(home.runtime, home.admin, id)
    await hooksReach(id, ['CANCELLED', 'CANCELLED', 'SUCCEEDED'])
    expect((await home.ended(id)).state).toBe('CANCELLED')
    expect((await said()).at(-1)).toBe('after out cancelled')
  })

  it('are called again when their worker dies, and fail when that happens too often', async () => {
    const { id } = await start({ hooksBefore: [command('say', 'one')] })
    for (const attempt of [1, 2, 3]) {
      await prisma().backupHook.updateMany({
        where: { backupId: id },
        data: { state: 'RUNNING', heartbeatAt: new Date(0) },
      })
      await interruptAbandoned(home.runtime)
      if (attempt < 3) expect(await hooksOf(id)).toMatchObject([{ state: 'QUEUED', attempt: attempt + 1 }])
    }
    expect(await hooksOf(id)).toMatchObject([{ state: 'FAILED', errorCode: 'WORKER_LOST' }])
    expect(await home.ended(id)).toMatchObject({ state: 'FAILED', runs: [{ errorCode: 'HOOK_FAILED' }] })
  })

  it('are taken up by the next worker when theirs is shut down', async () => {
    const { id } = await start({ hooksBefore: [command('hang')] })
    worker = await home.startWorker()
    await hooksReach(id, ['RUNNING'])
    await worker.stop(0)
    expect(await hooksOf(id)).toMatchObject([{ state: 'QUEUED', attempt: 2 }])
    await prisma().backupHook.updateMany({ where: { backupId: id }, data: { hook: command('say', 'one') } })
    worker = await home.startWorker()
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
  })

  it('before a backup wait for those after the one before it', async () => {
    const { id: planId } = await plan({ hooksBefore: [command('say', 'in')], hooksAfter: [command('say', 'out')] })
    const first = await runPlan(home.runtime, home.admin, 'API', planId)
    await cancelBackup(home.runtime, home.admin, first.id)
    await prisma().$executeRaw`
      update backup_hooks set not_before = clock_timestamp() + interval '1 second' where phase = 'AFTER'`
    const second = await runPlan(home.runtime, home.admin, 'API', planId)
    const waits = async (backupId: string) =>
      Promise.all((await hooksOf(backupId)).map((hook) => hookWaitsFor(prisma(), hook.id)))
    expect(await waits(second.id)).toEqual(['the hooks of an earlier backup', 'the end of the backup'])
    expect(await waits(first.id)).toEqual([null, expect.stringMatching(/^its next attempt at 2/)])
    expect([...decideTurns(await readTurns(prisma(), home.runtime.config)).reasons.values()]).toEqual([
      'a worker: none serves test',
    ])
    worker = await home.startWorker()
    await hooksReach(second.id, ['SUCCEEDED', 'SUCCEEDED'])
    expect(await said()).toEqual(['after out cancelled', 'before in', 'after out succeeded'])
  })
})

describe('the token of a webhook', () => {
  const url = 'https://shop.example.org/hook'
  const webhook = (address = url) => ({ kind: 'webhook', url: address })

  it('is stored sealed, stays with its address, and goes to no other', async () => {
    const { id, sealedTokens } = await plan({ hooksBefore: [webhook()], webhookTokens: [{ url, token: 's3cret' }] })
    expect(Object.keys(sealedTokens as object)).toEqual([url])
    expect(JSON.stringify(sealedTokens)).not.toContain('s3cret')
    const moved = await updatePlan(home.runtime, home.admin, { id, hooksBefore: [], hooksAfter: [webhook()] })
    expect(moved.sealedTokens).toEqual(sealedTokens)
    const other = await updatePlan(home.runtime, home.admin, { id, hooksAfter: [webhook('https://evil.example.org/')] })
    expect(other.sealedTokens).toEqual({})
    await expect(
      updatePlan(home.runtime, home.admin, { id, webhookTokens: [{ url, token: 's3cret' }] }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { issues: [{ path: 'webhookTokens.0.url' }] } })
  })

  it('is never answered, and the path of an address only to those who may change plans', async () => {
    await plan({ hooksBefore: [webhook()], webhookTokens: [{ url, token: 's3cret' }] })
    const ask = async (role: 'VIEWER' | 'ADMIN') =>
      graphql({
        schema,
        source: '{ plans { hooksBefore webhooksWithToken } }',
        contextValue: { ...context, actor: { ...home.admin, role } },
      })
    const context = { runtime: home.runtime, origin: 'API', signal: new AbortController().signal }
    const seen = (address: string, withToken: string[]) => ({
      plans: [{ hooksBefore: [{ kind: 'webhook', url: address, timeoutSeconds: 30 }], webhooksWithToken: withToken }],
    })
    expect((await ask('ADMIN')).data).toEqual(seen(url, [url]))
    expect((await ask('VIEWER')).data).toEqual(seen('https://shop.example.org/…', []))
  })
})
