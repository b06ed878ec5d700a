import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from './console.fixture.ts'

test('a rule for logs is refused, added and deleted', async ({ page }) => {
  await page.goto('/backups/logs')
  await page.getByRole('link', { name: 'Rules for logs' }).click()
  await expect(page.getByText('There is none yet')).toBeVisible()
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await page.getByLabel('What the line holds').fill('abc')
  await page.getByLabel('The cause').fill('The frobnicator is jammed.')
  await page.getByLabel('What to do').fill('Kick it.')
  await page.getByRole('button', { name: 'Add the rule' }).click()
  await expect(page.getByText('must have at least 4 characters').first()).toBeVisible()
  await page.getByLabel('What the line holds').fill('widget * is jammed')
  await page.getByRole('button', { name: 'Add the rule' }).click()
  await expect(page.getByRole('row', { name: /widget \* is jammed/ })).toContainText('Kick it.')
  await page.getByRole('button', { name: 'Delete the rule widget * is jammed' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await expect(page.getByText('There is none yet')).toBeVisible()
})
