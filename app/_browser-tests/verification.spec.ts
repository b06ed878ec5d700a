import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, trigger } from './console.fixture.ts'

test('a backup is verified, leaves evidence, and an assertion that does not hold is a mismatch', async ({ page }) => {
  test.slow()
  const id = await trigger(page, { type: 'DATABASE', description: 'To verify' })
  await page.goto(`/backups/${id}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await expect(page.getByText('nobody has tried to restore it yet')).toBeVisible()
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await expect(page).toHaveURL(/\/verifications\/[0-9a-f-]{36}$/)
  await expect(page.getByRole('heading', { level: 1, name: 'Verification of shop' })).toBeVisible()
  await expect(page.locator('main h2').first()).toHaveText('Verified', { timeout: 60_000 })
  const verified = new URL(page.url()).pathname
  const looked = page.getByRole('listitem')
  await expect(looked.filter({ hasText: 'as counted at the moment of the backup' }).first()).toBeVisible()
  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  expect((await coming).suggestedFilename()).toMatch(/^verification-\d+\.json$/)
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])

  await page.goto('/sources')
  await page.getByRole('link', { name: 'shop', exact: true }).click()
  await page.getByRole('button', { name: 'Add an assertion' }).click()
  const assertion = page.getByRole('group', { name: 'Assertion 1' })
  await assertion.getByLabel('Name').fill('there are none')
  await page.getByRole('button', { name: 'Save the changes' }).click()
  await expect(assertion.getByText('Must not be empty')).toBeVisible()
  await assertion.getByLabel('Query of one value').fill("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
  await assertion.getByLabel('This value').fill('0')
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await page.getByRole('button', { name: 'Save the changes' }).click()
  await expect(page).toHaveURL(/\/sources$/)

  await page.goto(`/backups/${id}`)
  await page.getByRole('button', { name: 'Verify again' }).click()
  await expect(page.locator('main h2').first()).toHaveText('Mismatch', { timeout: 60_000 })
  const mismatch = new URL(page.url()).pathname
  await expect(looked.filter({ hasText: 'instead of “0”' }).first()).toBeVisible()
  await page.goto('/')
  await expect(page.getByRole('row').filter({ hasText: 'shop' }).getByText('Mismatch')).toBeVisible()
  await page.goto('/verifications')
  // Others may stand there too: a plan that another test made asks for verifications by itself.
  const row = (path: string) => page.getByRole('row').filter({ has: page.locator(`a[href="${path}"]`) })
  await expect(row(verified)).toContainText('Verified')
  await expect(row(mismatch)).toContainText('Mismatch')
  const integrity = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'default', exact: true }) })
  await expect(integrity).toContainText('check')
})
