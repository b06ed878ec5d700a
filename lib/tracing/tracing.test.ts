import { afterAll, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { readConfig } from '#lib/config/config.ts'
import { type HttpServer, startHttpServer } from '#lib/testing/http-server.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { startTracing, type Tracing } from './start.ts'
import { noteEnd, traced } from './trace.ts'

interface Sent {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: {
      spans: {
        name: string
        traceId: string
        parentSpanId?: string
        status: { code: number }
        attributes: Attribute[]
      }[]
    }[]
  }[]
}
interface Attribute {
  key: string
  value: { stringValue?: string }
}

let collector: HttpServer
let home: Installation
let tracing: Tracing | null
beforeAll(async () => {
  collector = await startHttpServer()
  const config = readConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.origin}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of%20a%20test,x-tenant=backups',
  })
  tracing = startTracing(config)
  home = await openInstallation()
})
afterAll(async () => {
  await home?.close()
  await collector?.close()
})

it('sends nothing where no collector is named', () => {
  expect(startTracing(readConfig({}))).toBeNull()
})

it('sends a span of each run, how it ended, and what was below another one', async () => {
  await home.startWorker()
  const { source } = await home.addFiles('notes', { 'a.txt': 'a' })
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL', sourceIds: [source.id] })
  const { runs } = await home.ended(id)
  await traced('outer', {}, async () => {
    await traced('inner', {}, async () => noteEnd('FAILED', { code: 'SOURCE_UNREACHABLE' }))
  })
  const thrown = Object.assign(new Error('a secret in a text'), { code: 'ENOENT' })
  await expect(traced('broken', {}, () => Promise.reject(thrown))).rejects.toThrow(thrown)
  await tracing?.stop()

  expect(collector.received[0]).toMatchObject({ method: 'POST', path: '/v1/traces' })
  expect(collector.received[0]?.headers).toMatchObject({ authorization: 'Bearer of a test', 'x-tenant': 'backups' })
  expect(collector.received.map(({ body }) => body).join()).not.toContain('a secret')
  const sent = collector.received.flatMap(({ body }) => (JSON.parse(body) as Sent).resourceSpans)
  expect(sent[0]?.resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'system-backup-trigger' },
  })
  const spans = sent.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  const of = (name: string) => spans.find((span) => span.name === name)
  const texts = (name: string) =>
    Object.fromEntries((of(name)?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]))
  expect(texts('backup run')).toMatchObject({
    'backup_trigger.run.id': runs[0]?.id,
    'backup_trigger.source.id': source.id,
    'backup_trigger.state': 'SUCCEEDED',
  })
  expect(texts('inner')).toMatchObject({ 'backup_trigger.state': 'FAILED', 'error.type': 'SOURCE_UNREACHABLE' })
  expect([of('inner')?.parentSpanId, of('inner')?.status.code]).toEqual([
    (of('outer') as { spanId?: string }).spanId,
    2,
  ])
  expect(texts('broken')).toEqual({ 'error.type': 'ENOENT' })
})
