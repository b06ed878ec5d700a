import { expect, test, trigger } from './console.fixture.ts'

test('the statistics say what became of each source, day by day, and hold on a phone', async ({ page }) => {
  const id = await trigger(page, { type: 'STORAGE', description: 'For the statistics' })
  await page.goto(`/backups/${id}`)
  await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 60_000 })

  await page.goto('/statistics')
  const calendar = page.getByRole('region', { name: 'Each source, day by day' })
  const row = calendar.getByRole('row').filter({ hasText: 'uploads' })
  await expect(row.getByRole('cell')).toHaveCount(30)
  await expect(row.getByRole('cell').last()).toContainText(/\d+ whole/)
  await page.getByLabel('Period').selectOption('14')
  await expect(row.getByRole('cell')).toHaveCount(14)

  await page.setViewportSize({ width: 375, height: 800 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(wide).toBe(0)
})
