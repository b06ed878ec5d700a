import { expect, hideShop, test, trigger } from './console.fixture.ts'

test('the logs of all backups are searched, and the log of one is downloaded', async ({ page }) => {
  const bringBack = await hideShop()
  try {
    const id = await trigger(page, { type: 'DATABASE', description: 'For its log' })
    await page.goto(`/backups/${id}`)
    await expect(page.getByText('Failed').first()).toBeVisible({ timeout: 60_000 })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as NDJSON' }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`backup-${id}.ndjson`)

    await page.goto('/backups')
    await page.getByRole('link', { name: 'Search the logs' }).click()
    await page.getByLabel('From which level on').selectOption('ERROR')
    await page.getByLabel('Words').fill('shop.sqlite')
    await page.keyboard.press('Enter')
    const row = page.getByRole('row').filter({ hasText: 'shop.sqlite' }).first()
    await expect(row).toContainText('ERROR')
    await row.getByRole('link', { name: 'Open the backup of this line' }).click()
    await expect(page).toHaveURL(/\/backups\/[0-9a-f-]{36}$/)

    await page.goto('/backups/logs')
    await page.getByLabel('Words').fill('"nobody ever said this"')
    await page.keyboard.press('Enter')
    await expect(page.getByText('No line says that')).toBeVisible()
  } finally {
    await bringBack()
  }
})
