import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import { scopes } from '#lib/auth/actor.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { adoptRepository } from '#lib/backups/adopt.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { createSource } from '#lib/environments/create.ts'
import { runChild } from '#lib/process/child.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { recoveryKit } from '#lib/repositories/recovery-kit.ts'
import { openRestic } from '#lib/restic/restic.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { requireSnapshot } from '#lib/restic/snapshots.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import type { BackupRun, Source } from '#prisma/client/client.ts'

const missing = await postgresMissing()
let outside: string
let server: PostgresServer
let home: Installation | undefined
let token: string
/** What the first installation knew of its runs. */
let lost: (BackupRun & { source: Source })[]
let password: string
let repositoryId: string

const uploads = () => join(outside, 'uploads')
const place = () => ({ kind: 'local', settings: { path: join(outside, 'repository') } })

async function ask(query: string, variables: object = {}) {
  const request = new Request('http://localhost/api/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await (await graphqlDoor(request)).json()
  expect(errors).toBeUndefined()
  return data
}

/** A restic under which a file vanishes from `gaps` while it is saved. */
async function restic(): Promise<string> {
  const toolsDir = join(import.meta.dirname, '../../.tools/bin')
  const { binary } = await openRestic({ binary: process.env.RESTIC_BINARY, toolsDir, cacheDir: outside })
  const path = join(outside, 'restic')
  const script = `#!/bin/sh\n[ "$1" = backup ] && rm -f '${outside}'/gaps/*.tmp\nexec '${binary}' "$@"\n`
  await writeFile(path, script, { mode: 0o755 })
  return path
}

/** Backs up all and some of it, and once by hand, takes the kit, and goes with everything but the repository. */
async function live(): Promise<void> {
  const first = await openInstallation({ STORAGE_ROOTS: outside, RESTIC_BINARY: await restic() })
  const { runtime, admin } = first
  try {
    const repository = await createRepository(runtime, admin, { name: 'outside', ...place() })
    const add = async (name: string, kind: string, settings: object) =>
      (
        await createSource(runtime, admin, {
          ...{ environment: 'test', repositoryId: repository.id, untested: true },
          ...{ name, kind, settings },
        })
      ).source.id
    const backUp = async (input: object) => {
      for (const name of ['stays', 'goes.tmp']) await writeFile(join(outside, 'gaps', name), name)
      await runtime.prisma.rateHit.deleteMany()
      const { id } = await triggerBackup(runtime, admin, 'API', { type: 'FULL', ...input })
      const { state, runs } = await first.ended(id)
      return [state, ...runs.map((run) => run.state).sort()]
    }
    const files = await add('uploads, of all', 'files', { paths: [uploads()] })
    const connection = { host: '127.0.0.1', port: server.port, user: 'backup', password: 'backup' }
    await add('shops', 'postgres', { ...connection, databases: ['shop', 'blog'] })
    await add('gone', 'files', { paths: [join(outside, 'gone')] })
    await first.startWorker()
    for (let i = 0; i < 2; i++) expect(await backUp({})).toEqual(['PARTIAL', 'FAILED', ...Array(4).fill('SUCCEEDED')])
    const gaps = await add('gaps', 'files', { paths: [join(outside, 'gaps')] })
    for (let i = 0; i < 2; i++) expect(await backUp({ sourceIds: [gaps] })).toEqual(['PARTIAL', 'PARTIAL'])
    for (let i = 0; i < 2; i++) expect(await backUp({ sourceIds: [files] })).toEqual(['SUCCEEDED', 'SUCCEEDED'])

    lost = await runtime.prisma.backupRun.findMany({
      where: { snapshotId: { not: null }, repositoryId: repository.id },
      include: { source: true },
      orderBy: { finishedAt: 'asc' },
    })
    const { text } = await recoveryKit(runtime, admin, repository.id)
    password = /^export RESTIC_PASSWORD='(.*)'$/m.exec(text)?.[1] as string
    const { binary } = await runtime.restic()
    const byHand = await runChild({
      command: binary,
      args: ['backup', '--host', 'laptop', '--tag', 'run:mine', join(outside, 'desk')],
      env: { RESTIC_REPOSITORY: repository.location, RESTIC_PASSWORD: password, HOME: outside, PATH: '/usr/bin:/bin' },
    })
    expect(byHand.code).toBe(0)
  } finally {
    await first.close()
  }
}

beforeAll(async () => {
  if (missing) return
  outside = await realpath(await mkdtemp(join(tmpdir(), 'backup-trigger-outside-')))
  for (const folder of ['uploads', 'desk', 'gaps']) {
    await mkdir(join(outside, folder))
    await writeFile(join(outside, folder, 'a.txt'), `a of ${folder}`)
  }
  server = await startPostgresServer()
  for (const name of ['shop', 'blog']) {
    await server.query(`CREATE DATABASE ${name}`)
    await server.query('CREATE TABLE notes AS SELECT i AS id FROM generate_series(1, 10) i', name)
  }
  await server.query(`CREATE ROLE backup LOGIN PASSWORD 'backup'; GRANT pg_read_all_data TO backup`)
  await live()

  home = await openInstallation({ STORAGE_ROOTS: outside })
  setRuntime(home.runtime)
  const request = { email: home.admin.email, scopes: [...scopes], days: 1, name: 'test' }
  token = (await createToken(home.runtime, request)).token.reveal()
  const connected = await createRepository(home.runtime, home.admin, {
    name: 'found again',
    ...place(),
    existing: true,
    password,
  })
  repositoryId = connected.id
})
afterAll(async () => {
  await home?.close()
  await server?.stop()
  if (outside) await rm(outside, { recursive: true, force: true })
})
beforeEach((context) => {
  if (missing) context.skip(missing)
})

describe('a control plane that was lost', () => {
  it('is rebuilt from the repository and the password of its kit, once', async () => {
    const adopt = () =>
      ask(
        `mutation ($id: ID!) { adoptRepository(id: $id) { ... on Problem { code message } ... on AdoptRepositorySuccess {
           snapshots known foreign runs backups sources environments } } }`,
        { id: repositoryId },
      )
    expect((await adopt()).adoptRepository).toEqual({
      snapshots: 11,
      known: 0,
      foreign: 1,
      runs: 11,
      backups: 7,
      sources: 4,
      environments: 1,
    })
    expect((await adopt()).adoptRepository).toEqual({
      snapshots: 11,
      known: 11,
      foreign: 1,
      runs: 0,
      backups: 0,
      sources: 0,
      environments: 0,
    })
    const { runtime, admin } = home as Installation
    const operator = { ...admin, role: 'OPERATOR' as const }
    await expect(adoptRepository(runtime, operator, repositoryId)).rejects.toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    )
    const events = await runtime.prisma.auditEvent.findMany({ where: { action: 'repository.adopt' } })
    expect(events.map((event) => event.details)).toContainEqual(expect.objectContaining({ runs: 11 }))
  })

  it('shows its sources under their old ids and names, disabled until their settings are known', async () => {
    const { sources } = await ask(
      '{ sources { id name kind type enabled settingsMissing environment { name } repository { name } } }',
    )
    const common = { enabled: false, settingsMissing: true, repository: { name: 'found again' } }
    const idOf = (name: string) => lost.find((run) => run.source.name === name)?.sourceId
    expect(sources).toHaveLength(4)
    expect(sources).toEqual(
      expect.arrayContaining([
        {
          ...common,
          id: idOf('uploads, of all'),
          name: 'uploads, of all',
          kind: 'files',
          type: 'STORAGE',
          environment: { name: 'test' },
        },
        {
          ...common,
          id: idOf('shops'),
          name: 'shops',
          kind: 'postgres',
          type: 'DATABASE',
          environment: { name: 'test' },
        },
        expect.objectContaining({ ...common, name: `laptop: ${outside}/desk`, environment: { name: 'adopted' } }),
      ]),
    )
  })

  it('shows its backups with their runs, and says of which nobody knows whether they are whole', async () => {
    const { backups } = await ask(`{ backups(first: 10) { edges { node { id type state origin startedAt finishedAt
      runs { id state part snapshotId error { code } progress { bytesDone } source { name } } } } } }`)
    const nodes = backups.edges.map(({ node }: { node: object }) => node)
    const byId = new Map<string, { type: string; state: string; origin: string }>(
      nodes.map((node: { id: string }) => [node.id, node]),
    )
    const ids = [...new Set(lost.map((run) => run.backupId))]
    expect(ids.map((id) => byId.get(id)?.state)).toEqual([
      'PARTIAL', // a source of it failed and left no trace
      'PARTIAL', // so here, and no later snapshot tells of its databases
      'PARTIAL',
      'PARTIAL',
      'SUCCEEDED', // known from the next one
      'PARTIAL',
    ])
    expect(byId.get(ids[0] as string)).toMatchObject({ type: 'FULL', origin: 'ADOPTED' })
    const runs = new Map<string, { state: string; error: { code: string } | null }>(
      nodes.flatMap((node: { runs: { id: string }[] }) => node.runs).map((run: { id: string }) => [run.id, run]),
    )
    for (const { id, part, snapshotId, source, sourceId } of lost) {
      const newest = lost.findLast((run) => run.sourceId === sourceId && run.part === part)
      const isUnknown = source.name === 'gaps' || newest?.id === id
      expect(runs.get(id), `${source.name} ${part}`).toMatchObject({
        ...{ part: part || null, snapshotId, progress: { bytesDone: expect.any(Number) } },
        state: isUnknown ? 'PARTIAL' : 'SUCCEEDED',
        error: isUnknown ? { code: 'RUN_ADOPTED' } : null,
      })
    }
  })

  it('restores from the ids of its snapshots', async () => {
    const { runtime, folder } = home as Installation
    const repository = await runtime.prisma.repository.findUniqueOrThrow({ where: { id: repositoryId } })
    await using access = await openAccess(runtime, repository)
    const { snapshotId } = await runtime.prisma.backupRun.findFirstOrThrow({
      where: { source: { name: 'uploads, of all' } },
      orderBy: { finishedAt: 'asc' },
    })
    const target = join(folder, 'restored')
    await restoreSnapshot(await runtime.restic(), access, {
      snapshotId: snapshotId as string,
      target,
      signal: new AbortController().signal,
    })
    expect(await readFile(join(target, uploads(), 'a.txt'), 'utf8')).toBe('a of uploads')
  })

  it('goes on with the history of a source whose settings were entered again', async () => {
    const { runtime, admin, ended, startWorker } = home as Installation
    const newest = lost.findLast((run) => run.source.name === 'uploads, of all') as (typeof lost)[number]
    const enable = () =>
      ask('mutation ($id: ID!) { enableSource(id: $id) { __typename ... on Problem { code } } }', {
        id: newest.sourceId,
      })
    expect((await enable()).enableSource).toMatchObject({ code: 'SOURCE_SETTINGS_MISSING' })
    const rename = await ask(
      `mutation ($input: UpdateSourceInput!) { updateSource(input: $input) { __typename ... on UpdateSourceSuccess {
         source { name settingsMissing } } } }`,
      { input: { id: newest.sourceId, name: 'uploads' } },
    )
    expect(rename.updateSource).toMatchObject({ source: { name: 'uploads', settingsMissing: true } })
    const entered = await ask(
      `mutation ($input: UpdateSourceInput!) { updateSource(input: $input) { __typename ... on UpdateSourceSuccess {
         source { settingsMissing } } ... on Problem { code message } } }`,
      { input: { id: newest.sourceId, settings: { paths: [uploads()] } } },
    )
    expect(entered.updateSource).toMatchObject({ source: { settingsMissing: false } })
    expect((await enable()).enableSource).toMatchObject({ __typename: 'EnableSourceSuccess' })

    await startWorker()
    const { id } = await triggerBackup(runtime, admin, 'API', { type: 'STORAGE', sourceIds: [newest.sourceId] })
    const backup = await ended(id)
    expect(backup.runs).toMatchObject([{ state: 'SUCCEEDED', repositoryId }])
    const repository = await runtime.prisma.repository.findUniqueOrThrow({ where: { id: repositoryId } })
    await using access = await openAccess(runtime, repository)
    const snapshot = await requireSnapshot(await runtime.restic(), access, backup.runs[0]?.snapshotId as string)
    expect(snapshot).toMatchObject({ parentId: newest.snapshotId, host: `source-${newest.sourceId}` })
  })
})
