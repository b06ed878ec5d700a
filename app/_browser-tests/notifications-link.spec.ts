import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from './console.fixture.ts'
import { runScript } from './server.fixture.ts'

const script = 'app/_browser-tests/told-error.fixture.ts'

test.afterEach(() => runScript(script))

test('who got a message says that they take care of it without signing in', async ({ page, browser, baseURL }) => {
  const link = (await runScript(script, baseURL as string)).trim()
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  try {
    const outside = await context.newPage()
    await outside.goto(link)
    await expect(outside.getByRole('heading', { name: 'The backup of shop failed' })).toBeVisible()
    expect((await new AxeBuilder({ page: outside }).analyze()).violations).toEqual([])
    await outside.getByRole('button', { name: 'I take care of it' }).click()
    await expect(outside.getByText('ops@example.org takes care of it.')).toBeVisible()
    await outside.goto(`${baseURL}/acknowledge?token=x`)
    await expect(outside.getByText('ACKNOWLEDGE_LINK_INVALID')).toBeVisible()
  } finally {
    await context.close()
  }
  await page.goto('/notifications')
  await expect(page.getByRole('row', { name: /The backup of shop failed/ })).toContainText('ops@example.org')
})
