import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import { GET } from '#app/api/metrics/route.ts'
import type { Scope } from '#lib/auth/actor.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { pathLabel } from './process-metrics.ts'

let home: Installation
const bearer = async (scopes: Scope[]) => {
  const made = await createToken(home.runtime, { email: home.admin.email, scopes, days: 1, name: 'prometheus' })
  return { authorization: `Bearer ${made.token.reveal()}` }
}
const scrape = async (headers: Record<string, string>) => GET(new Request('http://localhost/api/metrics', { headers }))

/** The samples of the text format by their names with labels, https://prometheus.io/docs/instrumenting/exposition_formats/ */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      if (name === undefined) throw new Error(`no sample: ${line}`)
      return [name, Number(value)]
    }),
  )
}

beforeAll(async () => {
  home = await openInstallation()
  setRuntime(home.runtime)
  await home.startWorker()
  const { source } = await home.addFiles('up "loads"\\', { 'a.txt': 'abc' })
  await home.runtime.prisma.source.update({ where: { id: source.id }, data: { maxAgeHours: 26 } })
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  expect((await home.ended(id)).state).toBe('SUCCEEDED')
  const late = await home.addFiles('late', { b: 'b' })
  await home.runtime.prisma.source.update({ where: { id: late.source.id }, data: { lateSince: new Date() } })
  const { id: repositoryId } = await home.runtime.prisma.repository.findFirstOrThrow()
  const sizes = { snapshots: 1, restoreBytes: 3, uncompressedBytes: 3, storedBytes: 500, freeBytes: 7, totalBytes: 70 }
  await home.runtime.prisma.repositoryFigures.create({ data: { repositoryId, ...sizes } })
})
afterAll(() => home?.close())

describe('the metrics', () => {
  it('are for those with a token that may read', async () => {
    expect((await scrape({})).status).toBe(401)
    expect((await scrape({ authorization: 'Bearer nonsense' })).status).toBe(401)
    expect((await scrape(await bearer(['backup:trigger']))).status).toBe(403)
  })

  it('say of each source, run, repository, worker and door what is', async () => {
    const headers = await bearer(['backup:read'])
    await graphqlDoor(
      new Request('http://localhost/api/graphql', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ viewer { email } }' }),
      }) as never,
    )
    const response = await scrape(headers)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const samples = samplesOf(await response.text())
    const of = 'source="up \\"loads\\"\\\\",environment="test"'
    const now = Date.now() / 1000
    expect(samples.get(`backup_trigger_source_last_success_timestamp_seconds{${of}}`)).toBeGreaterThan(now - 600)
    expect(samples.get(`backup_trigger_source_objective_seconds{${of}}`)).toBe(26 * 3600)
    expect(samples.get(`backup_trigger_source_late{${of}}`)).toBe(0)
    expect(samples.get('backup_trigger_source_late{source="late",environment="test"}')).toBe(1)
    expect(samples.has('backup_trigger_source_last_success_timestamp_seconds{source="late",environment="test"}')).toBe(
      false,
    )
    expect(samples.get(`backup_trigger_source_last_read_bytes{${of}}`)).toBe(3)
    expect(samples.get('backup_trigger_runs{state="succeeded"}')).toBe(1)
    expect(samples.get('backup_trigger_runs{state="failed"}')).toBe(0)
    expect(samples.get('backup_trigger_queue_oldest_wait_seconds')).toBe(0)
    expect(samples.get('backup_trigger_workers_alive')).toBe(1)
    expect(samples.get('backup_trigger_repository_stored_bytes{repository="default"}')).toBe(500)
    expect(samples.get('backup_trigger_repository_free_bytes{repository="default"}')).toBe(7)
    expect(samples.get('backup_trigger_repository_reachable{repository="default"}')).toBe(1)
    expect(samples.get('backup_trigger_graphql_operation_seconds_count{operation="query",result="ok"}')).toBe(1)
    expect(samples.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
  })

  it('are those that the alert rules, the dashboard and their page speak of', async () => {
    const text = await (await scrape(await bearer(['backup:read']))).text()
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
    const docs = new URL('../../docs/monitoring/', import.meta.url)
    const [alerts, dashboard, page] = await Promise.all(
      ['alerts.yml', 'dashboard.json', 'README.md'].map((file) => readFile(new URL(file, docs), 'utf8')),
    )
    const rules = parse(alerts as string).groups.flatMap((group: { rules: object[] }) => group.rules)
    expect(rules.length).toBeGreaterThan(5)
    const asked = (words: string) =>
      [...words.matchAll(/\b(?:backup_trigger|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name)
    const named = [
      ...rules.flatMap((rule: { expr: string }) => asked(rule.expr)),
      ...JSON.parse(dashboard as string).panels.flatMap((panel: { targets: { expr: string }[] }) =>
        panel.targets.flatMap(({ expr }) => asked(expr)),
      ),
      ...asked(page as string).filter((name) => !name.endsWith('_')),
    ]
    expect(named.length).toBeGreaterThan(30)
    for (const name of named) expect(known, name).toContain(name.replace(/_bucket$/, ''))
  })
})

it.each([
  ['/', 'console'],
  ['/backups/01890000-0000-7000-8000-000000000000?x=1', 'console'],
  ['/_next/static/chunks/a.js', '/_next'],
  ['/api/graphql', '/api/graphql'],
  ['/api/trigger-backup/01890000', '/api/trigger-backup'],
  ['/api/../../etc', 'console'],
  [`/api/${'x'.repeat(200)}`, 'console'],
])('the path %s has the label %s', (path, label) => {
  expect(pathLabel(path)).toBe(label)
})
