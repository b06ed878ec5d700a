import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client

beforeAll(async () => {
  home = await openInstallation()
  client = await serveClient(home, 'plans')
  await home.addFiles('notes', { 'a.txt': 'a' })
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

test('plans are made, listed, shown, changed, run, paused, resumed and deleted', async () => {
  const [made] = await client.json(['add', '--name', 'nightly', '--schedule', 'daily', '--type', 'storage'])
  expect(made).toMatchObject({ name: 'nightly', schedule: 'daily', selection: { types: ['STORAGE'] } })
  expect((await client.run(['list'])).stdout).toMatch(/nightly +every day at 03:30, UTC +\d{4}-.* +1 +never/)

  const changed = ['update', 'nightly', '--schedule', '15 22 * * 1-5', '--time-zone', 'Europe/Berlin', '--retries', '3']
  expect(await client.json(changed)).toMatchObject([
    { id: made.id, scheduleInWords: 'At 22:15, Monday through Friday' },
  ])
  expect(await home.runtime.prisma.plan.findUniqueOrThrow({ where: { id: made.id } })).toMatchObject({
    retries: 3,
    catchUp: true,
    selection: { types: ['STORAGE'] },
  })
  const { stdout } = await client.run(['show', 'nightly'])
  expect(stdout.match(/^next /gm)).toHaveLength(5)
  expect(stdout).toMatch(/^takes +notes \(test\)$/m)

  const command = '{"kind":"command","command":"freeze","values":[{"name":"site","value":"shop"}]}'
  const hooks = ['--before', 'https://example.org/in', command, '--after', 'thaw', '--webhook-tokens', '-']
  await client.json(['update', 'nightly', ...hooks], { stdin: '[{"url":"https://example.org/in","token":"s3cret"}]' })
  const hooked = await client.run(['show', 'nightly'])
  expect(hooked.stdout.match(/^(before|after) /gm)).toEqual(['before ', 'before ', 'after '])
  expect(hooked.stdout).not.toContain('s3cret')
  expect(await client.run(['update', 'nightly', '--before', '{"kind"'])).toMatchObject({ code: 1 })
  await client.json(['update', 'nightly', '--before', 'none', '--after', 'none'])
  expect(await home.runtime.prisma.plan.findUniqueOrThrow({ where: { id: made.id } })).toMatchObject({
    hooksBefore: [],
    sealedTokens: {},
  })

  const places = ['--repository', 'default', '--upload-limit', '500', '--runs-at-once', '1']
  await client.json(['update', 'nightly', ...places])
  const { id: repositoryId } = await home.runtime.prisma.repository.findFirstOrThrow()
  const saved = () => home.runtime.prisma.plan.findUniqueOrThrow({ where: { id: made.id } })
  expect(await saved()).toMatchObject({ repositoryId, uploadKibPerSecond: 500, runsAtOnce: 1 })
  await client.json(['update', 'nightly', '--repository', 'none', '--upload-limit', 'none'])
  expect(await saved()).toMatchObject({ repositoryId: null, uploadKibPerSecond: null, runsAtOnce: 1 })

  const when = [
    '--blackout',
    'fri-mon 22:00-04:00',
    'wed 08:00-18:00',
    '--notify',
    'ops@example.org',
    '--notify-on',
    'failure',
  ]
  await client.json(['update', 'nightly', ...when])
  expect(await saved()).toMatchObject({
    blackouts: [
      { days: [1, 5, 6, 7], from: '22:00', to: '04:00' },
      { days: [3], from: '08:00', to: '18:00' },
    ],
    notifyRecipients: ['ops@example.org'],
    notifyOnSuccess: false,
    notifyOnFailure: true,
  })
  expect((await client.run(['show', 'nightly'])).stdout).toMatch(/^not +mon,fri,sat,sun 22:00-04:00$/m)
  for (const wrong of ['mon', 'someday 08:00-18:00', 'mon-fri-sat 08:00-18:00', 'mon 8-18'])
    expect(await client.run(['update', 'nightly', '--blackout', wrong])).toMatchObject({ code: 1 })
  await client.json(['update', 'nightly', '--blackout', 'none', '--notify', 'none', '--notify-on', 'all'])
  expect(await saved()).toMatchObject({ blackouts: [], notifyRecipients: [], notifyOnSuccess: true })

  await client.json(['update', 'nightly', '--notification', 'off', '--log-verbosity', 'ERROR'])
  const [backup] = await client.json(['run', 'nightly'])
  expect(await home.runtime.prisma.backup.findUniqueOrThrow({ where: { id: backup.id } })).toMatchObject({
    planId: made.id,
    description: 'nightly',
    notificationEnabled: false,
    logVerbosity: 'ERROR',
  })
  await client.json(['update', 'nightly', '--notification', 'as-options-say', '--log-verbosity', 'none'])
  expect(await saved()).toMatchObject({ notificationEnabled: null, logVerbosity: null })

  expect(await client.run(['pause', 'nightly', '--reason', 'a move', '--until', '2000-01-01T00:00:00Z'])).toMatchObject(
    {
      code: 1,
      stderr: expect.stringContaining('INPUT_INVALID'),
    },
  )
  await client.json(['pause', 'nightly', '--reason', 'a move'])
  expect((await client.run(['list'])).stdout).toContain('paused: a move')
  expect(await client.json(['resume', 'nightly'])).toMatchObject([{ isPaused: false }])

  expect(await client.run(['delete', 'nightly'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') })
  await client.json(['delete', 'nightly', '--yes'])
  expect(await home.runtime.prisma.plan.count()).toBe(0)
})

test('what contradicts itself is refused before anything is asked', async () => {
  const both = ['add', '--name', 'x', '--source', home.environmentId, '--tag', 'y']
  expect(await client.run(both)).toMatchObject({ code: 1, stderr: expect.stringContaining('--source alone') })
  expect(await client.run(['show', 'nowhere'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('PLAN_UNKNOWN'),
  })
})
