import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { applyConfiguration, diffConfiguration } from './apply.ts'
import { exportConfiguration } from './export.ts'

let home: Installation
let other: Installation
let disk: string
const PASSWORD = 'the password of the disk'

beforeAll(async () => {
  home = await openInstallation()
  other = await openInstallation({ STORAGE_ROOTS: home.folder })
  await other.runtime.prisma.environment.deleteMany()
  disk = join(home.folder, 'disk')
  await mkdir(disk)
})
afterAll(async () => {
  await Promise.all([home?.close(), other?.close()])
})

const apply = async (at: Installation, yaml: string, more: object = {}) => {
  const { fingerprint: expected, ...diff } = await diffConfiguration(at.runtime, at.admin, { yaml, ...pick(more) })
  await applyConfiguration(at.runtime, at.admin, { yaml, expected, ...more })
  return diff
}
const pick = ({ secrets, prune }: { secrets?: unknown; prune?: unknown }) => ({
  ...(secrets !== undefined && { secrets }),
  ...(prune !== undefined && { prune }),
})
const exported = async (at: Installation) => (await exportConfiguration(at.runtime, at.admin)).yaml
const names = ({ changes }: { changes: { action: string; kind: string; name: string }[] }) =>
  changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)

const file = (path: string, more = '') => `version: 1
environments:
  - name: production
    protected: true
    repository: disk
    blackouts: [{days: [1, 2], from: '08:00', to: '18:00'}]
  - name: test
repositories:
  - name: default
    default: true
  - name: disk
    kind: local
    settings:
      path: ${path}/production
    password: {fromEnv: DISK_PASSWORD}
    options:
      checkEveryDays: 3
sources:
  - name: uploads
    environment: production
    kind: files
    settings:
      paths: ["${path}"]
    tags: [web]
    maxAgeHours: 26
  - name: shop
    environment: production
    kind: postgres
    settings:
      host: db.example.org
      database: shop
      user: backup
      password: {fromEnv: SHOP_PASSWORD}
plans:
  - name: nightly
    schedule: daily
    blackouts: [{days: [7], from: '22:00', to: '04:00'}]
    runsAtOnce: 1
    notifyRecipients: [shop@example.org]
    notifyOnSuccess: false
    selection:
      sources: [production/uploads, production/shop]
    retention:
      days: 14
      weekly: 8
    copyRepository: default
    hooksAfter:
      - kind: webhook
        url: https://hooks.example.org/done
        token: {fromEnv: HOOK_TOKEN}
  - name: all
    selection: {}
channels:
  - name: first
    kind: slack
    settings:
      url: {fromEnv: SLACK_URL}
    events: [BACKUP_FAILED, SOURCE_LATE]
    severity: WARNING
    environments: [production]
    plans: [nightly, all]
    quietFrom: "22:00"
    quietTo: "07:00"
    digest: WEEKLY
    escalateTo: second
    escalateAfterMinutes: 15
  - name: second
    kind: email
    settings:
      recipients: [boss@example.org]
settings:
  notificationRecipients: [ops@example.org]
  options: {retention_policy: 45, log_verbosity: WARNING}
${more}`
const secrets = (values: Record<string, string>) =>
  Object.entries(values).map(([fromEnv, value]) => ({ reference: { fromEnv }, value }))
const both = secrets({
  DISK_PASSWORD: PASSWORD,
  SHOP_PASSWORD: 'secret of the shop',
  HOOK_TOKEN: 'secret of the hook',
  SLACK_URL: 'https://hooks.example.org/slack',
})

test('A file is applied, changes nothing a second time, and comes out of a wiped installation byte for byte', async () => {
  await expect(
    diffConfiguration(home.runtime, home.admin, { yaml: file(disk) }),
    'a repository without its password',
  ).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    details: {
      issues: [
        { path: 'repositories.1.password', problem: expect.stringMatching(/^line 15: .*DISK_PASSWORD is not set/) },
        { path: 'plans.0.hooksAfter.0.token', problem: expect.stringContaining('HOOK_TOKEN is not set') },
        { path: 'channels.0.settings.url', problem: expect.stringContaining('is not known here') },
      ],
    },
  })

  const made = await apply(home, file(disk), { secrets: both, untested: true })
  expect(names(made)).toEqual([
    'create environment production',
    'create repository disk',
    'create source production/uploads',
    'create source production/shop',
    'create plan nightly',
    'create plan all',
    'create channel first',
    'create channel second',
    'update settings settings',
  ])
  expect(JSON.stringify(made)).not.toContain('secret of')
  const again = await diffConfiguration(home.runtime, home.admin, { yaml: file(disk), secrets: both })
  expect(again).toMatchObject({ changes: [], left: [], incomplete: [] })
  expect(await home.runtime.prisma.auditEvent.count({ where: { action: 'configuration.apply' } })).toBe(1)

  const channel = await home.runtime.prisma.channel.findFirstOrThrow({
    where: { name: 'first' },
    include: { escalateTo: true },
  })
  expect(channel).toMatchObject({ escalateTo: { name: 'second' }, escalateAfterMinutes: 15, digest: 'WEEKLY' })
  expect(channel.environmentIds).toHaveLength(1)
  expect(channel.planIds).toHaveLength(2)

  const yaml = await exported(home)
  expect(yaml).not.toContain(PASSWORD)
  expect(yaml).not.toContain('secret of')
  expect((await diffConfiguration(home.runtime, home.admin, { yaml, prune: true })).changes).toEqual([])

  const withToken = yaml
    .replace('token: {secret: kept}', 'token: {fromEnv: HOOK_TOKEN}')
    .replace('url: {secret: kept}', 'url: {fromEnv: SLACK_URL}')
  const moved = withToken.replace(/password: \{secret: kept\}/g, (_kept, at: number) =>
    withToken.lastIndexOf('- name: shop', at) > withToken.lastIndexOf('- name: disk', at)
      ? 'password: {fromEnv: SHOP_PASSWORD}'
      : 'password: {fromEnv: DISK_PASSWORD}',
  )
  const wrong = secrets({
    DISK_PASSWORD: 'another',
    SHOP_PASSWORD: 'x',
    HOOK_TOKEN: 'y',
    SLACK_URL: 'https://x.example.org/',
  })
  await expect(apply(other, moved, { secrets: wrong })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    details: { issues: [{ problem: expect.stringContaining('REPOSITORY_WRONG_PASSWORD') }] },
  })
  const connected = await apply(other, moved, { secrets: both, untested: true })
  expect(JSON.stringify(connected)).toContain('a repository is there and is connected')
  expect(await exported(other)).toBe(yaml)
})

test('What somebody changed since the changes were shown is not overwritten', async () => {
  const yaml = (await exported(home)).replace('days: 14', 'days: 15')
  const { fingerprint: expected } = await diffConfiguration(home.runtime, home.admin, { yaml })
  await home.runtime.prisma.plan.update({ where: { name: 'nightly' }, data: { retries: 2 } })
  const asked = { yaml, expected, confirmEnvironment: ['production'] }
  await expect(applyConfiguration(home.runtime, home.admin, asked)).rejects.toMatchObject({
    code: 'CONFIGURATION_CHANGED',
  })
  expect(await home.runtime.prisma.plan.findUnique({ where: { name: 'nightly' } })).toMatchObject({ retries: 2 })
})

test('A failure takes back all of the transaction, and protected environments ask for their names', async () => {
  const before = await exported(home)
  const yaml = before.replace('days: 14', 'days: 15').replace('tags:\n      - web', 'tags:\n      - store')
  await expect(apply(home, yaml)).rejects.toMatchObject({ code: 'ENVIRONMENT_NOT_CONFIRMED' })
  expect(await exported(home)).toBe(before)
  await apply(home, yaml, { confirmEnvironment: ['production'] })
  expect(await exported(home)).toBe(yaml.replace('    retries: 2\n', '    retries: 2\n'))
})

test('Only what is asked for is deleted, what has a history stays, and a new order is kept', async () => {
  const before = await exported(home)
  const yaml = `version: 1
environments:
  - name: test
  - name: staging
  - name: production
    protected: true
    repository: disk
plans: []
`
  const kept = await apply(home, yaml)
  expect(names(kept)).toEqual([
    'update environment test',
    'create environment staging',
    'update environment production',
  ])
  expect(kept.left.map(({ name }) => name)).toEqual(['all', 'nightly'])
  const inOrder = await home.runtime.prisma.environment.findMany({ orderBy: { position: 'asc' } })
  expect(inOrder.map(({ name }) => name)).toEqual(['test', 'staging', 'production'])

  const pruned = await apply(home, yaml, { prune: true, confirmEnvironment: ['production'] })
  expect(names(pruned)).toEqual(['delete plan all', 'delete plan nightly'])
  const withToken = before.replace('token: {secret: kept}', 'token: {fromEnv: HOOK_TOKEN}')
  await apply(home, withToken, { prune: true, secrets: both })
  expect(await exported(home)).toBe(before)
})

test('A source whose secret nobody knows is made disabled, is named, and goes on once the secret is given', async () => {
  const yaml = (name: string) => `version: 1
sources:
  - name: ledger
    environment: test
    kind: postgres
    settings: {host: db.example.org, database: ledger, user: backup, password: ${name}}
`
  const made = await apply(home, yaml('{secret: kept}'))
  expect(made.incomplete).toEqual([{ name: 'test/ledger', missing: ['settings.password'] }])
  expect(await home.runtime.prisma.source.findFirstOrThrow({ where: { name: 'ledger' } })).toMatchObject({
    enabled: false,
    settingsMissing: true,
  })
  const again = await diffConfiguration(home.runtime, home.admin, { yaml: yaml('{secret: kept}') })
  expect(again).toMatchObject({ changes: [], incomplete: [{ name: 'test/ledger' }] })
  const dump = await exported(home)
  expect((await diffConfiguration(home.runtime, home.admin, { yaml: dump })).changes).toEqual([])

  await apply(home, yaml('{fromEnv: LEDGER}'), { secrets: secrets({ LEDGER: 'one' }), untested: true })
  expect(await home.runtime.prisma.source.findFirstOrThrow({ where: { name: 'ledger' } })).toMatchObject({
    enabled: true,
    settingsMissing: false,
  })
  const next = { yaml: yaml('{fromEnv: LEDGER}'), secrets: secrets({ LEDGER: 'two' }) }
  expect((await diffConfiguration(home.runtime, home.admin, next)).changes).toEqual([
    {
      action: 'update',
      kind: 'source',
      name: 'test/ledger',
      fields: [{ path: 'settings.password', from: { secret: 'kept' }, to: { secret: 'another' } }],
    },
  ])
})

test('Sources that cannot be read are refused before anything is changed', async () => {
  const before = await exported(home)
  const yaml = `version: 1
environments: [{name: new}, {name: production, protected: true, repository: disk}, {name: test}]
sources:
  - {name: gone, environment: test, kind: files, settings: {paths: ["${disk}/nowhere"]}}
`
  await expect(apply(home, yaml)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    details: {
      issues: [{ path: 'sources.0', problem: expect.stringMatching(/^line 4: “test\/gone”: .*\(PATH_NOT_ALLOWED\)/) }],
    },
  })
  expect(await exported(home)).toBe(before)
})

test('A repository whose place is gone is not made anew', async () => {
  await rm(join(disk, 'production'), { recursive: true })
  const yaml = await exported(home)
  expect((await diffConfiguration(home.runtime, home.admin, { yaml })).changes).toEqual([])
  await expect(apply(home, yaml.replace(`path: ${disk}/production`, `path: ${disk}/other`))).rejects.toMatchObject({
    code: 'CONFIGURATION_STOPPED',
    message: expect.stringContaining('Nothing was changed'),
  })
})
