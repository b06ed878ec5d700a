import { graphql } from 'graphql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import type { CheckFindings } from '#lib/maintenance/check-result.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupRun, Source } from '#prisma/client/client.ts'
import type { Context } from './context.ts'
import { schema } from './schema.ts'

let home: Installation
let source: Source
let run: BackupRun

beforeAll(async () => {
  home = await openInstallation()
  source = (await home.addFiles('shop', { 'a.txt': 'a' })).source
  await home.startWorker()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  run = (await home.ended(id)).runs[0] as BackupRun
})
afterAll(() => home?.close())

async function ask(): Promise<{ damage: Record<string, unknown> | null; runs: unknown }> {
  const contextValue: Context = {
    runtime: home.runtime,
    actor: home.admin,
    origin: 'API',
    signal: new AbortController().signal,
  }
  const answer = await graphql({
    schema,
    contextValue,
    source: `query ($id: ID!) {
      repositories { damage { problems packs keys snapshotsInFull
        snapshots { snapshotId name run { id isDamaged } source { name } }
        steps { kind title why options isDone isNext sources { id } } } }
      backup(id: $id) { runs { isDamaged } }
    }`,
    variableValues: { id: run.backupId },
  })
  expect(answer.errors).toBeUndefined()
  const { repositories, backup } = JSON.parse(JSON.stringify(answer.data))
  return { damage: repositories[0].damage, runs: backup.runs }
}

it('a repository that no check found damaged has no damage', async () => {
  expect(await ask()).toEqual({ damage: null, runs: [{ isDamaged: false }] })
})

it('what a check found is told with the snapshots, their runs and sources, and the step that is next', async () => {
  const snapshotId = run.snapshotId as string
  const found: CheckFindings = {
    sound: false,
    problems: ['pack aa contains 1 errors'],
    brokenPacks: ['aa'],
    missingPacks: [],
    damagedTrees: [],
    damagedSnapshots: [],
    damagedKeys: [],
    suggestRepairIndex: false,
    suggestPrune: false,
    touched: [{ snapshotId, runId: run.id, sourceId: source.id, part: '', name: 'shop' }],
    touchedInFull: true,
    share: { number: 1, of: 1 },
  }
  await home.runtime.prisma.repositoryTask.create({
    data: {
      repositoryId: run.repositoryId,
      kind: 'CHECK',
      state: 'SUCCEEDED',
      finishedAt: home.runtime.clock.now(),
      result: found,
    },
  })
  const { damage, runs } = await ask()
  expect(runs).toEqual([{ isDamaged: true }])
  expect(damage).toMatchObject({
    problems: ['pack aa contains 1 errors'],
    packs: ['aa'],
    keys: [],
    snapshotsInFull: true,
    snapshots: [{ snapshotId, name: 'shop', run: { id: run.id, isDamaged: true }, source: { name: 'shop' } }],
    steps: [
      { kind: 'REPAIR_PACKS', isDone: false, isNext: true, options: { packs: ['aa'] }, sources: [] },
      { kind: 'REPAIR_SNAPSHOTS', isDone: false, isNext: false },
      { kind: 'BACKUP', isNext: false, sources: [{ id: source.id }] },
      { kind: 'CHECK', isNext: false, options: { readData: 'all' } },
    ],
  })
})
