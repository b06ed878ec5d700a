import { graphql } from 'graphql'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { RunState } from '#prisma/client/enums.ts'
import type { Context } from './context.ts'
import { schema } from './schema.ts'

let home: Installation

beforeAll(async () => {
  home = await openInstallation()
  const { prisma } = home.runtime
  const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
  const ran: Record<string, RunState[]> = {
    good: ['FAILED', 'SUCCEEDED'],
    failed: ['PARTIAL', 'FAILED'],
    waiting: ['SUCCEEDED', 'FAILED', 'QUEUED'],
    never: [],
  }
  for (const [name, states] of Object.entries(ran)) {
    const { source } = await home.addFiles(name, { a: 'a' })
    for (const [at, state] of states.entries()) {
      const backup = { type: 'STORAGE' as const, origin: 'API' as const, environments: ['test'], compressionLevel: 5 }
      const queuedAt = new Date(Date.UTC(2026, 0, 1 + at))
      const { id: backupId } = await prisma.backup.create({ data: { ...backup, state } })
      const { id: runId } = await prisma.backupRun.create({
        data: {
          ...{ backupId, sourceId: source.id, repositoryId, state, compressionLevel: 5, queuedAt },
          snapshotId: state === 'SUCCEEDED' || state === 'PARTIAL' ? 'a'.repeat(64) : null,
        },
      })
      const verified = { runId, purpose: 'VERIFICATION' as const, folder: '', requestedFolder: '', requestedBy: 'x' }
      if (state === 'SUCCEEDED')
        for (const [day, result] of [
          [1, 'SUCCEEDED'],
          [2, 'FAILED'],
          [3, 'CANCELLED'],
        ] as const)
          await prisma.restore.create({
            data: { ...verified, state: result, queuedAt: new Date(day), finishedAt: new Date(day) },
          })
    }
  }
})
afterAll(() => home?.close())

it('Each source has its own newest runs and verifications, asked for all of them at once.', async () => {
  const source = `{ sources { name lastRun { state } lastGoodRun { state } activeRun { state } lastVerified lastVerification { state }
    repository { name } } }`
  const asked: string[] = []
  const prisma = home.runtime.prisma.$extends({
    query: {
      $allOperations({ operation, args, query }) {
        if (operation.startsWith('$queryRaw')) asked.push(JSON.stringify(args))
        return query(args)
      },
    },
  }) as unknown as typeof home.runtime.prisma
  const contextValue: Context = {
    runtime: { ...home.runtime, prisma },
    actor: home.admin,
    origin: 'API',
    signal: new AbortController().signal,
  }
  const { data, errors } = await graphql({ schema, source, contextValue })
  expect(errors).toBeUndefined()
  const repository = { name: 'default' }
  const verified = { lastVerified: new Date(1), lastVerification: { state: 'FAILED' }, repository }
  const nothing = { lastVerified: null, lastVerification: null, repository }
  const run = (state: string | null) => (state === null ? null : { state })
  const row = (name: string, last: string | null, good: string | null, active: string | null, more: object) => ({
    ...{ name, lastRun: run(last), lastGoodRun: run(good), activeRun: run(active) },
    ...more,
  })
  expect(JSON.parse(JSON.stringify(data)).sources).toEqual(
    JSON.parse(
      JSON.stringify([
        row('failed', 'FAILED', 'PARTIAL', null, nothing),
        row('good', 'SUCCEEDED', 'SUCCEEDED', null, verified),
        row('never', null, null, null, nothing),
        row('waiting', 'QUEUED', 'SUCCEEDED', 'QUEUED', verified),
      ]),
    ),
  )
  expect(asked).toHaveLength(5)
})
