import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let config: Client
let environments: Client

beforeAll(async () => {
  home = await openInstallation()
  config = await serveClient(home, 'config')
  environments = await serveClient(home, 'environments')
})
afterAll(async () => {
  config?.close()
  environments?.close()
  await home?.close()
})

test('The example of the documentation is compared, applied, and exported again', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const example = /^```yaml\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
  await mkdir(join(home.folder, 'backup'))
  await mkdir(join(home.folder, 'files/uploads'))
  await writeFile(join(home.folder, 'files/uploads/a.txt'), 'a')
  await writeFile(join(home.folder, 'shop.password'), 'secret of the shop\n')
  const yaml = example
    .replaceAll('/mnt/backup', join(home.folder, 'backup'))
    .replaceAll('/srv/uploads', join(home.folder, 'files/uploads'))
    .replaceAll('/run/secrets/shop', join(home.folder, 'shop.password'))
  const file = join(home.folder, 'backup.yaml')
  await writeFile(file, yaml)
  const given = { variables: { OFFSITE_PASSWORD: 'correct horse', SLACK_URL: 'https://hooks.example.org/slack' } }

  expect(await config.run(['diff', file])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('OFFSITE_PASSWORD is not set'),
  })
  const shown = await config.run(['diff', file], given)
  expect(shown).toMatchObject({ code: 2, stderr: '' })
  expect(shown.stdout).toMatch(/^\+ repository “offsite”$/m)
  expect(shown.stdout).toMatch(/^ {4}settings\.password: \(secret\)$/m)
  expect(shown.stdout).toMatch(/^6 to add, 1 to change, 0 to delete\.$/m)
  expect(shown.stdout).not.toContain('\x1b')

  const unasked = await config.run(['apply', file], given)
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') })
  const applied = await config.run(['apply', file, '--yes', '--untested'], given)
  expect(applied).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Applied.') })
  expect(await config.run(['apply', file, '--yes'], given)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing to change.'),
  })
  expect(await config.run(['diff', '-'], { ...given, stdin: yaml })).toMatchObject({ code: 0 })

  const out = join(home.folder, 'out.yaml')
  await config.json(['export', '--file', out])
  const exported = await readFile(out, 'utf8')
  expect(exported).not.toContain('secret of the shop')
  expect((await config.run(['export'])).stdout).toBe(exported)
  const [diff] = await config.json(['diff', out])
  expect(diff).toMatchObject({ changes: [] })
})

test('A file that is wrong is refused with the line', async () => {
  expect(await config.run(['diff', '-'], { stdin: 'version: 1\nplan: []' })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/plan: line 2: .*do you mean “plans”.*INPUT_INVALID/),
  })
})

test('environments are added, listed, changed, moved and deleted', async () => {
  const [made] = await environments.json(['add', '--name', 'staging', '--colour', 'amber', '--protected'])
  expect(made).toMatchObject({ name: 'staging', colour: 'amber', protected: true, repository: null })
  const change = ['update', 'staging', '--time-zone', 'Europe/Berlin', '--repository', 'default', '--position', '0']
  await environments.json([...change, '--blackout', 'mon-fri 08:00-18:00'])
  expect((await environments.json(['list']))[0]).toMatchObject({ name: 'staging', repository: { name: 'default' } })
  expect((await environments.run(['list'])).stdout).toMatch(
    /staging +protected +Europe\/Berlin +mon,tue,wed,thu,fri 08:00-18:00 +default +0/,
  )

  expect(await environments.run(['update', 'staging', '--no-protected'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ENVIRONMENT_NOT_CONFIRMED'),
  })
  const [open] = await environments.json([
    'update',
    'staging',
    '--no-protected',
    '--confirm-environment',
    'staging',
    '--repository',
    'none',
    '--blackout',
    'none',
  ])
  expect(open).toMatchObject({ protected: false, repository: null, blackouts: [] })
  expect(await environments.run(['delete', 'staging'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--yes'),
  })
  await environments.json(['delete', 'staging', '--yes'])
  expect(await environments.run(['delete', 'staging', '--yes'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ENVIRONMENT_UNKNOWN'),
  })
})
