import type { Page } from '@playwright/test'
import { expect, test } from './console.fixture.ts'

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const named = (page: Page, name: string) => page.getByLabel(name, { exact: true })

test('a plan is made with its times in words, run, paused, resumed, changed and deleted', async ({ page }) => {
  await page.goto('/plans')
  await expect(page.getByText('Nothing is backed up by itself yet')).toBeVisible()
  await page.getByRole('link', { name: 'New plan' }).click()
  await button(page, 'Make the plan').click()
  await expect(named(page, 'Name')).toHaveAttribute('aria-invalid', 'true')

  await named(page, 'Name').fill('nightly')
  await named(page, 'Time zone').selectOption('Europe/Berlin')
  await expect(page.getByText('every day at 03:30')).toBeVisible()
  await expect(page.getByRole('list', { name: 'The next five times' }).getByRole('listitem')).toHaveCount(5)
  await named(page, 'How often').selectOption('custom')
  await named(page, 'Cron expression').fill('15 22 * *')
  await expect(page.getByText('must be hourly, daily, weekly, monthly or a cron expression')).toBeVisible()
  await named(page, 'Cron expression').fill('15 22 * * 1-5')
  await expect(page.getByText('At 22:15, Monday through Friday')).toBeVisible()
  await button(page, 'Make the plan').click()

  await expect(page.getByRole('heading', { level: 1, name: 'nightly' })).toBeVisible()
  await expect(page.getByText('Takes now')).toBeVisible()
  await button(page, 'Pause …').click()
  await button(page, 'Pause it').click()
  await expect(page.getByText('INPUT_INVALID')).toBeVisible()
  await named(page, 'Why').fill('the database moves')
  await button(page, 'Pause it').click()
  await expect(page.getByText('Paused: the database moves')).toBeVisible()
  await button(page, 'Resume').click()
  await expect(page.getByText('Paused: the database moves')).toHaveCount(0)

  await button(page, 'Change').click()
  await page.getByRole('radio', { name: /^These sources only/ }).check()
  await button(page, 'Save the changes').click()
  await expect(page.getByText('Choose at least one source.')).toBeVisible()
  await page.getByRole('checkbox').first().check()
  await named(page, 'How often').selectOption('by hand')
  await button(page, 'Save the changes').click()
  await expect(page.getByText('By hand only')).toBeVisible()

  await button(page, 'Run now').click()
  await expect(page).toHaveURL(/\/backups\//)
  await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 60_000 })

  await page.goto('/plans')
  await page.getByRole('link', { name: 'nightly', exact: true }).click()
  await button(page, 'Delete …').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete it' }).click()
  await expect(page.getByText('Nothing is backed up by itself yet')).toBeVisible()
})
