import { verify } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client
let others: Client
let runId: string
let sourceId: string

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
  await home.startRestores()
  const { source } = await home.addSqlite('shop', 3)
  sourceId = source.id
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
  runId = (await home.ended(id)).runs[0]?.id as string
  client = await serveClient(home, 'verify')
  others = await serveClient(home, 'verifications')
})
afterAll(async () => {
  client?.close()
  others?.close()
  await home?.close()
})

test('a run is verified, and the exit code says how it ended', async () => {
  const done = await client.run([runId, '--wait'])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/VERIFIED {2}shop, restored in \d+\.\d s/)
  expect(done.stdout).toContain('  ok  1 table with 3 rows')
  const sources = await serveClient(home, 'sources')
  const wrong = [{ kind: 'sql', name: 'none', sql: 'SELECT count(*) FROM sqlite_schema', value: '0' }]
  expect((await sources.run(['update', sourceId, '--assertions', '-'], { stdin: 'nothing' })).stderr).toContain(
    'is not a JSON list',
  )
  expect((await sources.run(['update', sourceId, '--assertions', '-'], { stdin: '[{"kind":"x"}]' })).code).toBe(1)
  expect((await sources.run(['update', sourceId, '--assertions', '-'], { stdin: JSON.stringify(wrong) })).code).toBe(0)
  sources.close()
  const mismatch = await client.run([runId, '--wait'])
  expect(mismatch.code).toBe(1)
  expect(mismatch.stdout).toContain('MISMATCH  shop')
  expect(mismatch.stdout).toContain('  NOT none: the answer is “1” instead of “0”.')
})

test('verifications are listed, shown, and their evidence can be checked by anybody', async () => {
  const [newest, oldest] = await others.json(['list'])
  expect([newest.result, oldest.result]).toEqual(['MISMATCH', 'VERIFIED'])
  expect((await others.run(['show', oldest.id])).stdout).toContain('VERIFIED  shop')
  const [{ document, signature, publicKey }] = await others.json(['evidence', oldest.id])
  expect(verify(null, Buffer.from(document), publicKey, Buffer.from(signature, 'base64'))).toBe(true)
  expect(JSON.parse(document)).toMatchObject({ result: 'VERIFIED', run: { id: runId } })
  expect(await others.run(['check'])).toMatchObject({ code: 0 })
  await home.runtime.prisma.$executeRaw`delete from verification_evidence where sequence = 1`
  expect(await others.run(['check'])).toMatchObject({ code: 1, stdout: 'Number 1 is missing.\n' })
  expect((await others.run(['cancel', oldest.id])).stderr).toContain('RESTORE_ALREADY_ENDED')
  expect((await others.run(['show', 'none'])).stderr).toContain('There is no verification')
})
