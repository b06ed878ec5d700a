import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { ask, expect, installation, test } from './console.fixture.ts'

const demo = (path: string) => join(installation().dataDir, 'demo', path)
const row = (page: Page, name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const named = (page: Page, name: string) => page.getByLabel(name, { exact: true })

/** The text that a control is described by, as a screen reader says it. */
const described = (control: Locator) =>
  control.evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join(' '),
  )

test('a source is tried, added, changed, disabled and deleted', async ({ page }) => {
  await page.goto('/sources')
  await page.getByRole('link', { name: 'Add a source' }).click()
  await page.getByRole('radio', { name: /^SQLite/ }).check()
  await named(page, 'Name').fill('second shop')

  // Nothing filled in: the field says so and has the focus.
  const file = page.getByLabel(/^Database file/)
  await button(page, 'Test connection').click()
  await expect(file).toBeFocused()
  await expect(file).toHaveAttribute('aria-invalid', 'true')
  expect(await described(file)).toContain('Give either a file or a pattern.')

  // What is not there cannot be added by mistake, only on purpose.
  await file.fill(demo('none.sqlite'))
  await button(page, 'Add the source').click()
  await expect(page.getByText('PATH_NOT_FOUND')).toBeVisible()
  await expect(button(page, 'Save it anyway, untested')).toBeVisible()

  await file.fill(demo('shop.sqlite'))
  await expect(button(page, 'Save it anyway, untested')).toHaveCount(0)
  await button(page, 'Test connection').click()
  await expect(page.getByText('It can be backed up')).toBeVisible()
  await expect(page.getByText('Not known before the first backup')).toBeVisible()
  await button(page, 'Add the source').click()
  await expect(page).toHaveURL(/\/sources$/)
  await expect(row(page, 'second shop')).toContainText('SQLite')
  await expect(row(page, 'second shop')).toContainText('None yet')

  await page.getByRole('link', { name: 'second shop' }).click()
  await expect(file).toHaveValue(demo('shop.sqlite'))
  await named(page, 'Name').fill('')
  await button(page, 'Save the changes').click()
  await expect(named(page, 'Name')).toBeFocused()
  await expect(named(page, 'Name')).toHaveAttribute('aria-invalid', 'true')
  expect(await described(named(page, 'Name'))).toContain('May not be empty.')
  await named(page, 'Name').fill('third shop')
  await button(page, 'Save the changes').click()
  await expect(page).toHaveURL(/\/sources$/)

  await page.getByRole('link', { name: 'third shop' }).click()
  await button(page, 'Disable').click()
  await button(page, 'Disable it').click()
  await expect(button(page, 'Enable')).toBeVisible()
  await page.getByRole('link', { name: 'Sources' }).click()
  await expect(row(page, 'third shop').getByRole('cell').last()).toHaveText('No')

  await page.getByRole('link', { name: 'third shop' }).click()
  await button(page, 'Enable').click()
  await expect(button(page, 'Disable')).toBeVisible()
  await button(page, 'Delete …').click()
  const question = page.getByRole('alertdialog', { name: 'Delete “third shop”?' })
  await expect(question).toContainText('snapshots stay in the repository')
  await expect(question.getByRole('button', { name: 'Keep it' })).toBeFocused()
  await question.getByRole('button', { name: 'Delete it' }).click()
  await expect(page).toHaveURL(/\/sources$/)
  await expect(page.getByRole('link', { name: 'uploads' })).toBeVisible()
  await expect(row(page, 'third shop')).toHaveCount(0)
})

test('a look at the patterns of a folder says what is taken and what is left out', async ({ page }) => {
  mkdirSync(demo('uploads/cache'), { recursive: true })
  writeFileSync(demo('uploads/cache/thumbnail.tmp'), 'x'.repeat(2048))
  await page.goto('/sources/new')
  await page.getByRole('radio', { name: /^Folders/ }).check()
  await named(page, 'Folders').fill(demo('uploads'))
  await named(page, 'Leave out').fill('*.tmp')
  await button(page, 'Preview what is saved').click()
  await expect(page.getByText(/A backup takes \d+ files .* and leaves out 1\./)).toBeVisible()
  await expect(page.getByText('thumbnail.tmp')).toBeVisible()
})

const missing = await postgresMissing()
test.describe('a server with a password', () => {
  test.skip(missing !== null, missing ?? '')
  let server: PostgresServer
  test.beforeAll(async () => {
    server = await startPostgresServer()
    await server.query('create database orders')
    await server.query('create database invoices')
  })
  test.afterAll(() => server?.stop())

  async function fillServer(page: Page, password: string): Promise<void> {
    await page.getByRole('radio', { name: /^PostgreSQL/ }).check()
    await named(page, 'Name').fill('orders')
    await named(page, 'Host').fill('127.0.0.1')
    await page.getByRole('textbox', { name: 'Port' }).fill(String(server.port))
    await named(page, 'User').fill('postgres')
    await page.locator('#settings-password').fill(password)
  }

  test('lets choose from its databases, and the password stays when it is not typed again', async ({ page }) => {
    await page.goto('/sources/new')
    await fillServer(page, 'not the password')
    await button(page, 'Find what is on the server').click()
    await expect(page.getByText('SOURCE_ACCESS_DENIED')).toBeVisible()
    await page.locator('#settings-password').fill(server.password)
    await button(page, 'Find what is on the server').click()
    const found = page.getByRole('group', { name: /^Found on the server/ })
    await expect(found.getByRole('checkbox', { name: /^invoices/ })).toBeVisible()
    await found.getByRole('checkbox', { name: /^orders/ }).check()
    await button(page, 'Test connection').click()
    await expect(page.getByText('It can be backed up: PostgreSQL')).toBeVisible()
    await found.getByRole('checkbox', { name: /^invoices/ }).check()
    await button(page, 'Test connection').click()
    await expect(page.getByText('Saved by a run each')).toBeVisible()
    await button(page, 'Add the source').click()
    await expect(page).toHaveURL(/\/sources$/)

    await page.getByRole('link', { name: 'orders', exact: true }).click()
    const password = page.locator('#settings-password')
    await expect(password).toHaveValue('')
    expect(await described(password)).toContain('Set. Leave it empty to keep it.')
    await button(page, 'Test connection').click()
    await expect(page.getByText('It can be backed up: PostgreSQL')).toBeVisible()
    expect(await page.content()).not.toContain(server.password)
    await button(page, 'Save the changes').click()
    await expect(page).toHaveURL(/\/sources$/)
    await page.getByRole('link', { name: 'orders', exact: true }).click()
    await button(page, 'Take the stored password away').click()
    await button(page, 'Test connection').click()
    await expect(page.getByText('SOURCE_ACCESS_DENIED')).toBeVisible()

    const { sources } = await ask(page, '{ sources { id name settings secretsSet } }')
    const saved = sources.find((source: { name: string }) => source.name === 'orders')
    expect(saved).toMatchObject({ settings: { databases: ['orders', 'invoices'] }, secretsSet: ['password'] })
    await ask(page, `mutation { deleteSource(id: "${saved.id}") { __typename } }`)
  })

  test('that does not answer can be given up, and the form goes on', async ({ page }) => {
    await page.goto('/sources/new')
    await fillServer(page, server.password)
    await page.locator('#settings-database').fill('orders')
    await server.freeze()
    try {
      await button(page, 'Test connection').click()
      await button(page, 'Stop looking').click()
      await expect(button(page, 'Test connection')).toBeEnabled()
    } finally {
      await server.thaw()
    }
    await button(page, 'Test connection').click()
    await expect(page.getByText('It can be backed up: PostgreSQL')).toBeVisible()
  })
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the form of every kind is accessible and fits a phone, ${colorScheme}`, async ({ page }) => {
    test.slow()
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto('/sources/new')
    const { sourceKinds } = await ask(page, '{ sourceKinds { title } }')
    for (const { title } of sourceKinds) {
      await page.getByRole('radio', { name: new RegExp(`^${title}`) }).check()
      await expect(page.getByRole('heading', { name: `Settings of the ${title} source` })).toBeVisible()
      for (const more of await page.getByText('More settings').all()) await more.click()
      await button(page, 'Test connection').click()
      // A kind that asks for nothing can be looked at as it is.
      const hasFields = title !== 'This installation'
      await expect(page.getByText(hasFields ? 'INPUT_INVALID' : 'It can be backed up')).toBeVisible()
      const { violations } = await new AxeBuilder({ page }).analyze()
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
      expect(found, title).toEqual([])
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(wide, title).toBe(0)
    }
  })
}
