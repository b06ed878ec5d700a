import { join } from 'node:path'
import { graphql, parse, subscribe } from 'graphql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Context } from './context.ts'
import { schema } from './schema.ts'

let home: Installation
let runId: string
let contextValue: Context

beforeAll(async () => {
  home = await openInstallation()
  const { source } = await home.addSqlite('shop', 3)
  await home.startWorker()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
  runId = (await home.ended(id)).runs[0]?.id as string
  contextValue = {
    runtime: home.runtime,
    actor: home.admin,
    origin: 'API',
    signal: new AbortController().signal,
  }
  await home.startRestores()
})
afterAll(() => home?.close())

// biome-ignore lint/suspicious/noExplicitAny: the answers are checked by the test that asks
async function ask(source: string, variableValues: object = {}): Promise<any> {
  const answer = await graphql({ schema, contextValue, source, variableValues: { ...variableValues } })
  expect(answer.errors).toBeUndefined()
  return JSON.parse(JSON.stringify(answer.data))
}

/** What a subscription of one field gives, to its end. */
async function all(source: string, id: string): Promise<Record<string, unknown>[]> {
  const answers = await subscribe({ schema, contextValue, document: parse(source), variableValues: { id } })
  if (!(Symbol.asyncIterator in answers)) throw new Error(JSON.stringify(answers))
  const seen: Record<string, unknown>[] = []
  for await (const { data } of answers) seen.push(...(Object.values(data ?? {}) as Record<string, unknown>[]))
  return JSON.parse(JSON.stringify(seen))
}

it('a restore into a new place is asked for, followed to its end and found in the list', async () => {
  expect(await ask('query ($id: ID!) { source(id: $id) { lastVerified } }', { id: runId })).toEqual({ source: null })
  const name = join(home.folder, 'files', 'copy.sqlite')
  const { triggerRestore } = await ask(
    `mutation ($input: TriggerRestoreInput!) { triggerRestore(input: $input) {
      ... on TriggerRestoreSuccess { restore { id folder into } } ... on Problem { code } } }`,
    { input: { runId, place: { name } } },
  )
  const { id, ...shown } = triggerRestore.restore
  expect(shown).toEqual({ folder: null, into: name })
  const seen = await all('subscription ($id: ID!) { restoreStatus(restoreId: $id) { state } }', id)
  expect(seen[0]?.state).toMatch(/QUEUED|RUNNING|SUCCEEDED/)
  expect(seen.at(-1)).toEqual({ state: 'SUCCEEDED' })
  const { restores } = await ask('query ($id: ID!) { restores(runId: $id) { id run { newPlace } } }', { id: runId })
  expect(restores).toEqual([{ id, run: { newPlace: 'FILE' } }])
})

it('names of files and persons are told to those alone who may restore', async () => {
  const names = [{ action: 'restored', path: '/srv/a' }]
  const data = { person: '4711', changes: { restored: 1, updated: 0, unchanged: 0, bytes: 1, names } }
  await home.runtime.prisma.restore.updateMany({ data })
  const query = 'query ($id: ID!) { restores(runId: $id) { person changes { restored names { action path } } } }'
  const told = { person: '4711', changes: { restored: 1, names: [{ action: 'RESTORED', path: '/srv/a' }] } }
  expect((await ask(query, { id: runId })).restores).toEqual([told])
  const admin = contextValue
  contextValue = { ...admin, actor: { ...home.admin, role: 'VIEWER' } }
  expect((await ask(query, { id: runId })).restores).toEqual([{ person: null, changes: null }])
  contextValue = admin
})

it('a verification is no restore, and is known to its run and its source', async () => {
  const { triggerVerification } = await ask(
    `mutation ($id: ID!) { triggerVerification(input: { runId: $id }) {
      ... on TriggerVerificationSuccess { verification { id } } ... on Problem { code } } }`,
    { id: runId },
  )
  const { id } = triggerVerification.verification
  const seen = await all(
    'subscription ($id: ID!) { verificationStatus(verificationId: $id) { result findings { what problem } } }',
    id,
  )
  expect(seen.at(-1)).toMatchObject({ result: 'VERIFIED' })
  const found = await ask(
    `query ($id: ID!, $run: ID!) { restore(id: $id) { id } restores(runId: $run) { id } verifications(runId: $run) { id }
      verification(id: $id) { evidence { sequence } run { lastVerification { id } source { lastVerified lastVerification { id } } } }
      evidenceProblem evidenceKey }`,
    { id, run: runId },
  )
  expect(found).toMatchObject({
    restore: null,
    restores: [{ id: expect.not.stringMatching(id) }],
    verifications: [{ id }],
    verification: {
      evidence: { sequence: 1 },
      run: { lastVerification: { id }, source: { lastVerified: expect.any(String), lastVerification: { id } } },
    },
    evidenceProblem: null,
    evidenceKey: expect.stringContaining('BEGIN PUBLIC KEY'),
  })
})
