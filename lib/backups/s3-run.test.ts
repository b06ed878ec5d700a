import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { deleteSource } from '#lib/environments/change.ts'
import { addSource } from '#lib/environments/sources.ts'
import { makeBucket, putObjects, settingsFor } from '#lib/sources/s3/bucket.fixture.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type S3Server, s3ServerMissing, startS3Server } from '#lib/testing/s3-server.ts'
import { triggerBackup } from './trigger.ts'

const missing = await s3ServerMissing()
let home: Installation
let server: S3Server

beforeAll(async () => {
  if (missing) return
  home = await openInstallation()
  server = await startS3Server()
  await home.startWorker()
})
afterAll(async () => {
  await server?.stop()
  await home?.close()
})
beforeEach((context) => {
  if (missing) context.skip(missing)
})

async function addBucket(name: string, settings: Record<string, unknown>) {
  const { prisma, secretKey } = home.runtime
  return addSource(prisma, secretKey, { environmentId: home.environmentId, name, kind: 's3', settings })
}

async function save(sourceId: string) {
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [sourceId] })
  const backup = await home.ended(id)
  return { ...backup, log: backup.events.map((event) => event.message).join('\n') }
}

it('fetches only what changed since the last run', async () => {
  const bucket = await makeBucket(server, { 'a.txt': 'a', 'b/c.txt': 'ccc', 'b/': '' })
  const source = await addBucket('uploads', settingsFor(server, bucket))
  const first = await save(source.id)
  expect(first.runs).toEqual([expect.objectContaining({ state: 'SUCCEEDED', errorCode: null })])
  expect(first.log).toContain('3 objects, 3 of them new or changed')
  await putObjects(server, bucket, { 'b/c.txt': 'CCC' })
  const second = await save(source.id)
  expect(second.runs).toEqual([expect.objectContaining({ state: 'SUCCEEDED', errorCode: null })])
  expect(second.log).toContain('3 objects, 1 of them new or changed')
})

it('ends PARTIAL and names the object that the account may not read', async () => {
  const open = { 'x-amz-acl': 'public-read' }
  const bucket = await makeBucket(server, { 'a.txt': { content: 'a', headers: open }, 'closed one': 'c' }, open)
  const source = await addBucket('half open', settingsFor(server, bucket, {}, server.stranger))
  const backup = await save(source.id)
  expect(backup.runs).toEqual([expect.objectContaining({ state: 'PARTIAL', errorCode: 'FILES_UNREADABLE' })])
  expect(backup.runs[0]?.errorMessage).toContain(`${bucket}/closed one`)
  expect(backup.log).toContain('closed one: AccessDenied')
})

it('removes what it kept of a source that was deleted', async () => {
  const kept = () => readdir(join(home.runtime.config.DATA_DIR, 'kept'))
  const [one, other] = [
    await addBucket('one', settingsFor(server, await makeBucket(server, { a: 'a' }))),
    await home.addFiles('files', { a: 'a' }),
  ]
  await save(one.id)
  expect(await kept()).toContain(one.id)
  await deleteSource(home.runtime, home.admin, one.id)
  await save(other.source.id)
  expect(await kept()).not.toContain(one.id)
})
