import { expect, test } from './console.fixture.ts'

test('an option is set, says that it was, and is taken back', async ({ page }) => {
  await page.goto('/settings')
  const option = page.getByRole('listitem').filter({ hasText: 'compression_level' })
  await expect(option).toContainText('5 is the default')
  await option.getByLabel('compression_level').selectOption('7')
  await option.getByRole('button', { name: 'Save' }).click()
  await expect(option).toContainText(/7 was set here .*otherwise it would be 5/)
  await option.getByRole('button', { name: 'Back to 5' }).click()
  await expect(option).toContainText('5 is the default')
})

test('a value that cannot be is refused, and fewer days are asked about first', async ({ page }) => {
  await page.goto('/settings')
  const schedule = page.getByRole('listitem').filter({ hasText: 'backup_schedule' })
  await schedule.getByLabel('backup_schedule').fill('fortnightly')
  await schedule.getByRole('button', { name: 'Save' }).click()
  await expect(schedule).toContainText('INPUT_INVALID')
  await expect(schedule).toContainText('daily is the default')

  const days = page.getByRole('listitem').filter({ hasText: 'retention_policy' })
  await days.getByLabel('retention_policy').fill('29')
  await days.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Keep backups for 29 days instead of 30?')
  await page.getByRole('button', { name: 'Keep it' }).click()
  await expect(days).toContainText('30 is the default')
})
