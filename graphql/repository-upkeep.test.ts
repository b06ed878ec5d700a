import { afterAll, beforeAll, expect, it } from 'vitest'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'

let home: Installation
let token: string
let id: string

beforeAll(async () => {
  home = await openInstallation()
  setRuntime(home.runtime)
  const request = { email: home.admin.email, scopes: ['backup:read' as const], days: 1, name: 'test' }
  token = (await createToken(home.runtime, request)).token.reveal()
  id = (await home.runtime.prisma.repository.findFirstOrThrow()).id
})
afterAll(() => home?.close())

async function ask(selection: string) {
  const request = new Request('http://localhost/api/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: `{ repositories { ${selection} } }` }),
  })
  const { data, errors } = await (await graphqlDoor(request)).json()
  expect(errors).toBeUndefined()
  return data.repositories[0]
}

it('shows how a repository is: as bad as the worst that is known', async () => {
  const health = async () => (await ask('health { state isWell sentence }')).health
  expect(await health()).toEqual({
    state: 'NEVER_CHECKED',
    isWell: false,
    sentence: 'It has not been checked yet.',
  })
  const found = { problems: [], brokenPacks: [], suggestRepairIndex: false, suggestPrune: false, share: null }
  const checked = (result: object | null, state: 'SUCCEEDED' | 'FAILED' = 'SUCCEEDED') =>
    home.runtime.prisma.repositoryTask.create({
      data: {
        repositoryId: id,
        kind: 'CHECK',
        state,
        ...(result && { result }),
        errorMessage: result ? null : 'It was locked.',
        finishedAt: home.runtime.clock.now(),
      },
    })
  await checked({ ...found, sound: true })
  expect(await health()).toMatchObject({ state: 'OK', isWell: true })
  await checked(null, 'FAILED')
  expect(await health()).toMatchObject({ state: 'CHECK_FAILED', sentence: expect.stringContaining('It was locked.') })
  await checked({ ...found, sound: true })
  await checked({ ...found, sound: false, share: { number: 2, of: 3 } })
  expect(await health()).toMatchObject({ state: 'DAMAGED', isWell: false })
  await checked({ ...found, sound: true })
  expect(await health()).toMatchObject({ state: 'DAMAGED' })
  await checked({ unreadable: true })
  await checked({ ...found, sound: true, share: { number: 1, of: 1 } })
  expect(await health()).toMatchObject({ state: 'OK' })

  const since = new Date('2026-03-01T09:30:00Z')
  await home.runtime.prisma.repository.update({
    where: { id },
    data: { unreachableSince: since, problemCode: 'X', problemMessage: 'Nobody listens.', problemRemedy: 'Start it.' },
  })
  expect(await ask('health { state } unreachableSince problem { code message remedy }')).toEqual({
    health: { state: 'UNREACHABLE' },
    unreachableSince: since.toISOString(),
    problem: { code: 'X', message: 'Nobody listens.', remedy: 'Start it.' },
  })
})

it('shows how big a repository is, and its ratios', async () => {
  const FIELDS = 'snapshots restoreBytes storedBytes freeBytes deduplicationRatio compressionRatio'
  expect(await ask(`latestFigures { ${FIELDS} } figures(days: 7) { at }`)).toEqual({ latestFigures: null, figures: [] })
  const now = home.runtime.clock.now().getTime()
  const row = (daysAgo: number, restoreBytes: bigint) => ({
    repositoryId: id,
    at: new Date(now - daysAgo * 24 * 3_600_000),
    snapshots: 2,
    restoreBytes,
    uncompressedBytes: 500n,
    storedBytes: 250n,
    freeBytes: 9_007_199_254_740_000n,
  })
  await home.runtime.prisma.repositoryFigures.createMany({ data: [row(9, 1n), row(2, 600n), row(0, 1000n)] })
  const shown = await ask(`latestFigures { ${FIELDS} } figures(days: 7) { restoreBytes }`)
  expect(shown).toEqual({
    latestFigures: {
      snapshots: 2,
      restoreBytes: 1000,
      storedBytes: 250,
      freeBytes: 9_007_199_254_740_000,
      deduplicationRatio: 2,
      compressionRatio: 2,
    },
    figures: [{ restoreBytes: 600 }, { restoreBytes: 1000 }],
  })
})

it('shows what is done by itself next', async () => {
  const initialisedAt = new Date('2026-03-01T09:30:00Z')
  await home.runtime.prisma.repositoryTask.deleteMany()
  const change = (data: object) => home.runtime.prisma.repository.update({ where: { id }, data })
  await change({ initialisedAt, unreachableSince: null, options: { pruneEveryDays: 0, checkEveryDays: 3 } })
  expect(await ask('nextUpkeep { kind title at }')).toEqual({
    nextUpkeep: [
      { kind: 'CHECK', title: 'integrity check', at: '2026-03-04T09:30:00.000Z' },
      { kind: 'STATISTICS', title: 'statistics', at: '2026-03-01T09:30:00.000Z' },
    ],
  })
  await change({ unreachableSince: initialisedAt })
  expect(await ask('nextUpkeep { kind }')).toEqual({ nextUpkeep: [] })
})
