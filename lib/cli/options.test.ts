import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client

beforeAll(async () => {
  home = await openInstallation({ RETENTION_POLICY: '60' })
  client = await serveClient(home, 'settings')
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

test('options are listed with who said so, set, and taken back', async () => {
  expect((await client.run(['list'])).stdout).toMatch(/^compression_level +5 +default +How hard/m)
  expect((await client.run(['list'])).stdout).toMatch(/^retention_policy +60 +RETENTION_POLICY +For how many days/m)
  expect((await client.run(['set', 'retention_policy', '90'])).stdout).toBe('retention_policy is 90 (set here).\n')
  expect(await client.json(['list'])).toContainEqual(
    expect.objectContaining({ name: 'retention_policy', value: '90', origin: 'SETTINGS', otherwise: '60' }),
  )
  expect((await client.run(['reset', 'retention_policy'])).stdout).toBe('retention_policy is 60 (RETENTION_POLICY).\n')
})

test('a value that cannot be is refused with what to do', async () => {
  const { code, stderr } = await client.run(['set', 'compression_level', '12'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/INPUT_INVALID[\s\S]*What to do/)
})
