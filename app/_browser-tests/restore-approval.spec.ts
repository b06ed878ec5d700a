import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, installation, test, trigger } from './console.fixture.ts'
import { runScript } from './server.fixture.ts'

const script = 'app/_browser-tests/asked-restore.fixture.ts'

test.afterEach(() => runScript(script))

test('a restore into a protected environment waits for an administrator who types its name', async ({ page }) => {
  const backup = await trigger(page, { type: 'DATABASE', description: 'For the vault' })
  await page.goto(`/backups/${backup}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  const file = join(installation().dataDir, 'demo', 'vault.sqlite')
  const id = (await runScript(script, file)).trim()
  await page.goto(`/restores/${id}`)
  await expect(page.getByText('waits for the approval of another administrator')).toBeVisible()
  await expect(page.getByText('colleague@example.org wants to bring a backup of demo into vault')).toBeVisible()
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await page.getByLabel('Type the name of the protected environment').fill('demo')
  await page.getByRole('button', { name: 'Approve' }).click()
  await expect(page.getByText('ENVIRONMENT_NOT_CONFIRMED')).toBeVisible()
  await page.getByLabel('Type the name of the protected environment').fill('vault')
  await page.getByRole('button', { name: 'Approve' }).click()
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await expect(page.getByText('Approved by')).toBeVisible()
  await rm(file)
})
