import type { Page } from '@playwright/test'
import { expect, test } from './console.fixture.ts'

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const named = (page: Page, name: string) => page.getByLabel(name, { exact: true })
const panel = (page: Page, name: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { level: 2, name }) })

test('an environment is added, refused a name twice, moved, unprotected only by its name, and deleted', async ({
  page,
}) => {
  await page.goto('/sources')
  await page.getByRole('link', { name: 'Environments' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Environments' })).toBeVisible()
  await expect(panel(page, 'demo')).toContainText('Serves it now')

  await button(page, 'Add an environment').click()
  await named(page, 'Name').fill('demo')
  await button(page, 'Add it').click()
  await expect(page.getByText('NAME_TAKEN')).toBeVisible()
  await named(page, 'Name').fill('live')
  await named(page, 'Time zone').selectOption('Europe/Berlin')
  await page.getByRole('checkbox', { name: /^Protected/ }).check()
  await button(page, 'Add it').click()
  await expect(panel(page, 'live')).toContainText('Europe/Berlin')
  await expect(panel(page, 'live')).toContainText('protected')

  await button(page, 'Move live up').click()
  await expect(page.getByRole('heading', { level: 2 }).first()).toContainText('live')

  await button(page, 'Change live').click()
  await page.getByRole('checkbox', { name: /^Protected/ }).uncheck()
  await button(page, 'Save …').click()
  const dialog = page.getByRole('alertdialog')
  await expect(dialog.getByRole('button', { name: 'Take it away' })).toBeDisabled()
  await dialog.getByLabel('Type “live” to go on').fill('live')
  await dialog.getByRole('button', { name: 'Take it away' }).click()
  await expect(panel(page, 'live')).not.toContainText('protected')

  await button(page, 'Change live').click()
  await button(page, 'Delete …').click()
  await dialog.getByRole('button', { name: 'Delete it' }).click()
  await expect(panel(page, 'live')).toHaveCount(0)
})
