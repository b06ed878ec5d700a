import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { ask, expect, test } from './console.fixture.ts'

const pages: [path: string, heading: string][] = [
  ['/', 'Overview'],
  ['/backups', 'Backups'],
  ['/backups/new', 'Back up now'],
  ['/backups/logs', 'Search the logs'],
  ['/restores', 'Restores'],
  ['/restores/find', 'Find a file'],
  ['/verifications', 'Verifications'],
  ['/plans', 'Plans'],
  ['/plans/new', 'New plan'],
  ['/sources', 'Sources'],
  ['/environments', 'Environments'],
  ['/repositories', 'Repositories'],
  ['/repositories/new', 'New repository'],
  ['/statistics', 'Statistics'],
  ['/notifications', 'Notifications'],
  ['/notifications/channels/new', 'New channel'],
  ['/settings', 'Settings'],
  ['/settings/configuration', 'Configuration as a file'],
]

/** Every page, a repository, and one backup of each state that the history holds. */
async function everyPage(page: Page): Promise<[string, string | RegExp][]> {
  const { backups } = await ask(page, '{ backups(first: 50) { edges { node { id state } } } }')
  const byState = new Map<string, string>(
    backups.edges.map(({ node }: { node: { id: string; state: string } }) => [node.state, node.id]),
  )
  const { repositories } = await ask(page, '{ repositories { id name } }')
  const { id, name } = repositories[0]
  const sections = ['', '/snapshots', '/upkeep', '/settings'].map((section): [string, string] => [
    `/repositories/${id}${section}`,
    name,
  ])
  return [
    ...pages,
    ...sections,
    [`/repositories/${id}/kit`, `Recovery kit of ${name}`],
    ...[...byState.values()].map((backup): [string, RegExp] => [`/backups/${backup}`, /./]),
  ]
}

async function open(page: Page, path: string, heading: string | RegExp): Promise<void> {
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  await expect(page.getByText('Loading …')).toHaveCount(0)
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no page has an accessibility violation, ${colorScheme}`, async ({ page }) => {
    test.slow()
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const [path, heading] of await everyPage(page)) {
      await open(page, path, heading)
      await expectNoViolations(page, path)
    }
  })

  test(`the sign-in page has no accessibility violation, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme })
    await open(page, '/sign-in', 'Sign in')
    await expectNoViolations(page, '/sign-in')
  })
}

async function expectNoViolations(page: Page, path: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`)
  expect(found, path).toEqual([])
}

test('no page scrolls sideways on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  for (const [path, heading] of [...(await everyPage(page)), ['/sign-in', 'Sign in'] as const]) {
    await open(page, path, heading)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(wide, path).toBe(0)
  }
})

test('the metrics are served, with what the doors of the process measured', async ({ page }) => {
  await page.goto('/')
  const response = await page.request.get('/api/metrics')
  expect(response.status()).toBe(200)
  const text = await response.text()
  expect(text).toMatch(/^backup_trigger_workers_alive 1$/m)
  expect(text).toMatch(/^backup_trigger_http_request_seconds_count\{method="GET",path="console",status="200"\} \d+$/m)
  expect(text).toMatch(/^backup_trigger_graphql_operation_seconds_count\{operation="query",result="ok"\} \d+$/m)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
})

test('the page of notifications says plainly that mail is not configured', async ({ page }) => {
  await page.goto('/notifications')
  await expect(page.getByText('Mail is not configured: no mail can be sent.')).toBeVisible()
  await expect(page.getByText('SMTP_URL=')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send a test' })).toBeDisabled()

  await page.getByLabel('Email addresses, one a line').fill('one@example.org, two@example.org')
  await page.getByRole('button', { name: 'Save recipients' }).click()
  await expect(page.getByText('The recipients are saved.')).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('Email addresses, one a line')).toHaveValue('one@example.org\ntwo@example.org')
})

test('the choice of a theme survives a reload', async ({ page }) => {
  await page.goto('/')
  const toggle = page.getByRole('button', { name: /^Theme/ })
  await toggle.click()
  await toggle.click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(toggle).toContainText('Dark')
})
