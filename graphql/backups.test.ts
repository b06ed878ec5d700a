import { graphql } from 'graphql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { schema } from './schema.ts'

let home: Installation
/** Newest first. */
let ids: string[]

beforeAll(async () => {
  home = await openInstallation()
  const start = Date.UTC(2026, 0, 1)
  await home.runtime.prisma.backup.createMany({
    data: Array.from({ length: 10_050 }, (_, at) => ({
      type: 'FULL' as const,
      state: at % 10 === 0 ? ('FAILED' as const) : ('SUCCEEDED' as const),
      origin: 'API' as const,
      environments: ['test'],
      compressionLevel: 5,
      // Several began at the same moment.
      createdAt: new Date(start + Math.floor(at / 4) * 1000),
    })),
  })
  const rows = await home.runtime.prisma.backup.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] })
  ids = rows.map(({ id }) => id)
})
afterAll(() => home?.close())

async function page(variableValues: Record<string, unknown>) {
  const source = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: BackupFilter) {
    backups(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } } }`
  const contextValue = {
    ...{ runtime: home.runtime, actor: home.admin, origin: 'API', signal: new AbortController().signal },
  }
  const { data, errors } = await graphql({ schema, source, variableValues, contextValue })
  expect(errors).toBeUndefined()
  const { backups } = data as {
    backups: {
      totalCount: number
      pageInfo: { endCursor: string; startCursor: string; hasNextPage: boolean }
      edges: { cursor: string; node: { id: string } }[]
    }
  }
  return { ...backups, ids: backups.edges.map(({ node }) => node.id) }
}

it('The pages of the history follow each other without a gap, forwards and backwards, also within one moment.', async () => {
  let after: string | undefined
  const seen: string[] = []
  for (let turn = 0; turn < 6; turn++) {
    const { ids: found, pageInfo } = await page({ first: 7, after })
    seen.push(...found)
    after = pageInfo.endCursor
  }
  expect(seen).toEqual(ids.slice(0, 42))
  const { ids: back } = await page({ last: 9, before: after })
  expect(back).toEqual(ids.slice(32, 41))
})

it('A page deep in the history is the right one, with a filter, too.', async () => {
  const failed = await home.runtime.prisma.backup.findMany({
    where: { state: 'FAILED' },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  })
  let after: string | undefined
  for (let turn = 0; turn < 8; turn++)
    after = (await page({ first: 100, after, filter: { state: 'FAILED' } })).pageInfo.endCursor
  const { ids: found } = await page({ first: 5, after, filter: { state: 'FAILED' } })
  expect(found).toEqual(failed.slice(800, 805).map(({ id }) => id))
})

it('The last page ends, and nobody counts a history further than ten thousand and one.', async () => {
  expect((await page({ first: 1 })).totalCount).toBe(10_001)
  expect((await page({ first: 1, filter: { state: 'FAILED' } })).totalCount).toBe(1005)
  const { ids: oldest, pageInfo } = await page({ last: 3 })
  expect(oldest).toEqual(ids.slice(-3))
  expect(pageInfo.hasNextPage).toBe(false)
})
