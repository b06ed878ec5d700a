import type { Page, WebSocketRoute } from '@playwright/test'
import { addLargeUploads, ask, expect, hideShop, test, trigger } from './console.fixture.ts'

const headline = (page: Page) => page.locator('main h2').first()
const panel = (page: Page, source: string) =>
  page.locator('section', {
    has: page.getByRole('heading', { level: 2, name: new RegExp(`^${source} (sqlite|user|files|installation)`) }),
  })

test('a backup by keyboard: from an overview without backups to the last good one', async ({ page }) => {
  await page.goto('/')
  const rows = page.getByRole('row')
  await expect(rows.filter({ hasText: 'None yet' })).toHaveCount(3)

  await page.getByRole('link', { name: 'Back up now' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('checkbox', { name: 'demo' })).toBeChecked()
  await page.getByRole('checkbox', { name: 'demo' }).focus()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('radio', { name: /^Full system/ })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Description (optional)')).toBeFocused()
  await page.keyboard.type('Before release 4.2')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowLeft')
  await expect(page.getByRole('slider')).toHaveValue('4')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Tell people how it ended')).toBeVisible()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Back up now' })).toBeFocused()
  await page.keyboard.press('Enter')

  await expect(page).toHaveURL(/\/backups\/[0-9a-f-]{36}$/)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  await expect(page.getByRole('heading', { level: 1, name: 'Before release 4.2' })).toBeVisible()
  await expect(headline(page)).toHaveText('Succeeded', { timeout: 60_000 })
  for (const source of ['shop', 'shop customers', 'uploads', 'system-backup-trigger']) {
    const run = panel(page, source)
    await expect(run).toContainText('Succeeded')
    await expect(run).toContainText(/New data\s*[\d.]+ (B|KiB|MiB)/)
    await expect(run).toContainText(/Snapshot\s*[0-9a-f]{8}/)
  }
  await expect(panel(page, 'uploads')).toContainText('320')
  await expect(page.getByText('4 of 4')).toBeVisible()
  const log = page.getByRole('region', { name: 'Log lines' })
  await expect(log.getByText('uploads: Succeeded')).toBeVisible()
  // It follows the end.
  expect(await log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)).toBeLessThan(24)
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)

  const summary = page.locator('section', { has: page.getByRole('heading', { name: 'Summary' }) })
  await expect(summary.getByRole('row')).toHaveText([
    /^Source/,
    /: shop/,
    /customers/,
    /uploads/,
    /system-backup-trigger/,
  ])
  await page.getByRole('link', { name: 'Restore document' }).click()
  await expect(page.getByRole('region', { name: 'The restore document' })).toContainText(/restic restore [0-9a-f]{64}/)

  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(rows.filter({ hasText: 'None yet' })).toHaveCount(0)
  await expect(rows.filter({ hasText: 'just now' })).toHaveCount(4)
})

test('a running backup can be cancelled and leaves no snapshot', async ({ page }) => {
  const remove = await addLargeUploads(400)
  try {
    const id = await trigger(page, { type: 'STORAGE', description: 'To be cancelled', compressionLevel: 9 })
    await page.goto(`/backups/${id}`)
    await expect(headline(page)).toHaveText('Running')
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    const question = page.getByRole('alertdialog', { name: 'Cancel this backup?' })
    await expect(question.getByRole('button', { name: 'Let it run' })).toBeFocused()
    await question.getByRole('button', { name: 'Cancel the backup' }).click()
    await expect(headline(page)).toHaveText('Cancelled')
    await expect(panel(page, 'uploads')).toContainText('No snapshot')
    await expect(page.getByRole('button', { name: /Cancel/ })).toHaveCount(0)
  } finally {
    await remove()
  }
})

test('a connection lost in the middle of a backup misses nothing', async ({ page, context, expected }) => {
  expected.consoleErrors.push(/ERR_INTERNET_DISCONNECTED|WebSocket connection/)
  const sockets: WebSocketRoute[] = []
  let away = false
  await page.routeWebSocket(/\/api\/graphql/, (socket) => {
    if (away) {
      void socket.close({ code: 4400 })
      return
    }
    socket.connectToServer()
    sockets.push(socket)
  })
  const remove = await addLargeUploads(400)
  try {
    const id = await trigger(page, { type: 'FULL', description: 'Over a shaky line', compressionLevel: 9 })
    await page.goto(`/backups/${id}`)
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    await page.evaluate(() => Object.assign(window, { sameDocument: true }))
    away = true
    await context.setOffline(true)
    for (const socket of sockets.splice(0)) await socket.close({ code: 4400 })
    await expect(page.getByText('Connection lost, connecting again. The backup goes on.')).toBeVisible()

    // The server goes on without this page.
    const stateOf = async () => (await ask(page, 'query ($id: ID!) { backup(id: $id) { state } }', { id })).backup.state
    await expect.poll(stateOf, { timeout: 60_000 }).toBe('SUCCEEDED')
    await expect(headline(page)).toHaveText('Running')
    away = false
    await context.setOffline(false)
    await expect(headline(page)).toHaveText('Succeeded', { timeout: 30_000 })

    const { backup } = await ask(
      page,
      'query ($id: ID!) { backup(id: $id) { log { seq kind message } runs { snapshotId } } }',
      { id },
    )
    await page.getByLabel('Show from').selectOption('DEBUG')
    const lines = page.getByRole('region', { name: 'Log lines' }).getByRole('listitem')
    await expect(lines).toHaveCount(backup.log.length)
    const shown = await lines.allInnerTexts()
    for (const [index, event] of backup.log.entries()) {
      if (event.message) expect(shown[index]).toContain(event.message)
    }
    for (const run of backup.runs)
      await expect(page.getByText(run.snapshotId.slice(0, 8), { exact: true })).toBeVisible()
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
    expect(sockets.length, 'the page connected again').toBeGreaterThan(0)
  } finally {
    await remove()
  }
})

test('a failed run says first what to do and what happened', async ({ page }) => {
  const bringBack = await hideShop()
  try {
    const id = await trigger(page, { type: 'DATABASE', description: 'Without its file' })
    await page.goto(`/backups/${id}`)
    await expect(headline(page)).toHaveText('Failed', { timeout: 60_000 })
    const { backup } = await ask(
      page,
      'query ($id: ID!) { backup(id: $id) { runs { error { code message remedy } } } }',
      {
        id,
      },
    )
    const { code, message, remedy } = backup.runs[0].error
    const text = (await panel(page, 'shop').innerText()).replaceAll(/\s+/g, ' ')
    const places = [remedy, message, code, 'No snapshot'].map((part) => text.indexOf(part.replaceAll(/\s+/g, ' ')))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual(places.toSorted((a, b) => a - b))

    await page.goto('/')
    // Further down is the calendar.
    const row = page
      .getByRole('row')
      .filter({ has: page.getByText('shop', { exact: true }) })
      .first()
    await expect(row).toContainText('Failed')
    await expect(row).toContainText(remedy)
  } finally {
    await bringBack()
  }
})

test('a backup that does not exist leads to the history', async ({ page }) => {
  await page.goto('/backups/00000000-0000-7000-8000-000000000000')
  await expect(page.getByText('There is no such backup')).toBeVisible()
  await page.getByRole('link', { name: 'To the history' }).click()
  await expect(page).toHaveURL(/\/backups$/)
})
