import { expect, test } from './console.fixture.ts'
import { runScript } from './server.fixture.ts'

test('filters and pages of the history are in the address and survive a reload', async ({ page }) => {
  await runScript('app/_browser-tests/past-backups.fixture.ts', '60')
  const links = page.getByRole('cell').getByRole('link')

  await page.goto('/backups')
  await page.getByLabel('Text').fill('Nightly')
  await expect(page).toHaveURL(/text=Nightly/)
  await expect(page.getByText('60 backups')).toBeVisible()
  await page.getByLabel('Type').selectOption('DATABASE')
  await expect(page).toHaveURL(/type=DATABASE/)
  await expect(page.getByText('40 backups')).toBeVisible()
  await expect(links).toHaveCount(25)
  await expect(links.first()).toHaveText('Nightly 59')
  await expect(page.getByRole('button', { name: 'Newer' })).toBeDisabled()

  await page.getByRole('button', { name: 'Older' }).click()
  await expect(page).toHaveURL(/after=/)
  await expect(links).toHaveCount(15)
  const second = await links.allInnerTexts()
  await page.reload()
  await expect(links).toHaveText(second)
  await expect(page.getByLabel('Type')).toHaveValue('DATABASE')
  await expect(page.getByLabel('Text')).toHaveValue('Nightly')
  await expect(page.getByRole('button', { name: 'Older' })).toBeDisabled()

  await page.getByRole('button', { name: 'Newer' }).click()
  await expect(links.first()).toHaveText('Nightly 59')
  await expect(links).toHaveCount(25)

  // A filter starts from the first page again.
  await page.getByLabel('State').selectOption('FAILED')
  await expect(page).not.toHaveURL(/after=|before=/)
  await expect(page.getByText('8 backups')).toBeVisible()

  await page.getByLabel('From', { exact: true }).fill('2025-06-03')
  await page.getByLabel('To', { exact: true }).fill('2025-06-03')
  await expect(page).toHaveURL(/from=2025-06-03&to=2025-06-03/)
  await page.reload()
  await expect(page.getByLabel('To', { exact: true })).toHaveValue('2025-06-03')
  for (const time of await page.getByRole('cell').locator('time').allInnerTexts()) expect(time).toContain('03 Jun 2025')

  await page.getByLabel('Text').fill('no backup is called like this')
  await expect(page.getByText('No backup fits these filters')).toBeVisible()
  await page.getByRole('link', { name: 'Clear filters' }).click()
  await expect(page).toHaveURL(/\/backups$/)
  await expect(page.getByLabel('Text')).toHaveValue('')
  await expect(links).toHaveCount(25)
})
