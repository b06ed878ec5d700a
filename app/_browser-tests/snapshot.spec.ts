import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, installation, test, trigger } from './console.fixture.ts'

test('a snapshot is looked into, folder by folder, and a file of it is downloaded', async ({ page }) => {
  const id = await trigger(page, { type: 'STORAGE', description: 'To look into' })
  await page.goto(`/backups/${id}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await page.getByRole('link', { name: 'Look into its snapshot' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Snapshot of uploads' })).toBeVisible()
  const folders = page.getByRole('navigation', { name: 'Folder' })
  await page.getByRole('table').getByRole('link').first().click()
  for (let depth = 0; depth < 10; depth++) {
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: /^Download .*\./ }) })
    if ((await row.count()) > 0 && (await row.first().innerText()).includes('File')) break
    const before = await folders.innerText()
    await page.getByRole('table').getByRole('link').first().click()
    await expect(folders).not.toHaveText(before)
    await expect(page.getByRole('table')).toBeVisible()
  }
  const link = page.getByRole('link', { name: /^Download .*\.\w+$/ }).first()
  const coming = page.waitForEvent('download')
  await link.click()
  const file = await coming
  expect(await file.failure()).toBeNull()
  expect((await readFile(await file.path())).length).toBeGreaterThan(0)
  expect(await link.getAttribute('aria-label')).toBe(`Download ${file.suggestedFilename()}`)

  // The folder that is looked at, and nothing else of the snapshot.
  const target = join(installation().dataDir, 'demo', 'part of it')
  const shown = (await page.getByRole('row').count()) - 1
  await page.getByRole('button', { name: 'Restore this folder …' }).click()
  await page.getByLabel('Folder on the worker').fill(target)
  const here = page.url()
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  const restored = await readdir(target, { recursive: true, withFileTypes: true })
  expect(restored.filter((entry) => entry.isFile())).toHaveLength(shown)
  await rm(target, { recursive: true })

  await page.goto(here)
  await folders.getByRole('link', { name: 'root' }).click()
  await expect(page.getByRole('row')).toHaveCount(2)
})

test('a file is found in all that is saved of a source, and leads to the folder that it is in', async ({ page }) => {
  await page.goto('/restores')
  await page.getByRole('link', { name: 'Find a file' }).click()
  await page.getByLabel('Source').selectOption({ label: 'demo: uploads' })
  await page.getByLabel('Name').fill('nothing of that name')
  await page.getByRole('button', { name: 'Search' }).click()
  await expect(page.getByText('There is nothing of that name')).toBeVisible({ timeout: 30_000 })
  await page.getByLabel('Name').fill('*.BIN')
  await page.getByRole('button', { name: 'Search' }).click()
  await expect(page.getByRole('row').nth(1)).toContainText('.bin', { timeout: 30_000 })
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  const path = await page.getByRole('row').nth(1).getByRole('cell').first().innerText()
  await page.getByRole('row').nth(1).getByRole('link').click()
  await expect(page.getByRole('heading', { level: 1, name: 'Snapshot of uploads' })).toBeVisible()
  await expect(page.getByRole('link', { name: `Download ${path.split('/').at(-1)}` })).toBeVisible()
})

test('a snapshot is restored into a folder, and refused where something lies already', async ({ page }) => {
  const target = join(installation().dataDir, 'demo', 'restored')
  const id = await trigger(page, { type: 'STORAGE', description: 'To restore' })
  await page.goto(`/backups/${id}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  const restoreInto = async (folder: string) => {
    await page.getByRole('button', { name: 'Restore …' }).click()
    await page.getByLabel('Folder on the worker').fill(folder)
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect(page).toHaveURL(/\/restores\/[0-9a-f-]{36}$/)
  }
  await restoreInto(target)
  await expect(page.getByRole('heading', { level: 1, name: 'Restore of uploads' })).toBeVisible()
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await expect(page.getByText('320 of 320')).toBeVisible()
  expect((await readdir(target, { recursive: true })).filter((name) => name.endsWith('.bin'))).not.toEqual([])

  await page.goto(`/backups/${id}`)
  await restoreInto(target)
  await expect(page.locator('main h2').first()).toHaveText('Failed', { timeout: 60_000 })
  await expect(page.getByText('RESTORE_TARGET_NOT_EMPTY')).toBeVisible()
  await page.getByRole('link', { name: 'All restores' }).click()
  await expect(page.getByRole('row').filter({ hasText: target })).toHaveCount(2)
  await rm(target, { recursive: true })
})

test('files go back to where they were, after a dry run that lists them', async ({ page }) => {
  const id = await trigger(page, { type: 'STORAGE', description: 'To put back' })
  await page.goto(`/backups/${id}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  const uploads = join(installation().dataDir, 'demo', 'uploads')
  const file = (await readdir(uploads, { recursive: true })).find((name) => name.endsWith('.bin')) as string
  await rm(join(uploads, file))
  const ask = async () => {
    await page.goto(`/backups/${id}`)
    await page.getByRole('button', { name: 'Restore …' }).click()
    await page.getByRole('radio', { name: 'Where they were' }).check()
    await page.getByLabel('Files that are there already').selectOption('ALWAYS')
  }
  await ask()
  await page.getByRole('checkbox', { name: 'Dry run' }).check()
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await page.getByRole('button', { name: 'Try it' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Dry run of a restore of uploads' })).toBeVisible()
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await expect(page.getByRole('listitem').filter({ hasText: join(uploads, file) })).toHaveText(/^Restored/)
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  expect(await readdir(uploads, { recursive: true })).not.toContain(file)

  await ask()
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect(page.getByText('RESTORE_NOT_CONFIRMED')).toBeVisible()
  await page.getByLabel('Files are written over').fill('uploads')
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect(page).toHaveURL(/\/restores\/[0-9a-f-]{36}$/)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await expect(page.getByText('What changed')).toBeVisible()
  expect(await readdir(uploads, { recursive: true })).toContain(file)
})

test('a database is restored into a new file, and not over it', async ({ page }) => {
  const file = join(installation().dataDir, 'demo', 'restored shop.sqlite')
  const id = await trigger(page, { type: 'DATABASE', description: 'To restore as a database' })
  await page.goto(`/backups/${id}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  const restore = async () => {
    await page.getByRole('button', { name: 'Restore …' }).click()
    await expect(page.getByRole('radio', { name: 'A new file' })).toBeChecked()
    await page.getByLabel('New file on the worker').fill(file)
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect(page).toHaveURL(/\/restores\/[0-9a-f-]{36}$/)
  }
  await restore()
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await expect(page.getByText('as counted at the moment of the backup')).toBeVisible()
  await page.goto(`/backups/${id}`)
  await restore()
  await expect(page.getByText('RESTORE_TARGET_NOT_EMPTY')).toBeVisible({ timeout: 60_000 })

  await page.goto(`/backups/${id}`)
  await page.getByRole('button', { name: 'Restore …' }).click()
  await page.getByLabel('New file on the worker').fill(file)
  await page.getByRole('checkbox', { name: 'Replace the file of that name' }).check()
  await page.getByLabel('Type the path of the file that is replaced').fill(file)
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await expect(page).toHaveURL(/\/restores\/[0-9a-f-]{36}$/)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  const kept = (await page.getByRole('definition').filter({ hasText: 'restored shop_before_' }).textContent()) ?? ''
  for (const path of [file, kept]) await rm(path)
})

test('all of a backup is restored in order, after its plan was shown', async ({ page }) => {
  const target = join(installation().dataDir, 'demo', 'all of it')
  const id = await trigger(page, { type: 'FULL', description: 'To restore whole' })
  await page.goto(`/backups/${id}`)
  await expect(page.locator('main h2').first()).toHaveText('Succeeded', { timeout: 60_000 })
  await page.getByRole('link', { name: 'Restore all of it …' }).click()
  await page.getByLabel('Folder on the workers').fill(target)
  await page.getByLabel('Behind their names').fill('_again')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  const steps = page.getByRole('list').getByRole('listitem').filter({ hasText: 'demo' })
  await expect(steps.first()).toContainText('1-demo-uploads')
  const file = join(installation().dataDir, 'demo', 'shop_again.sqlite')
  await expect(steps.filter({ hasText: file })).toHaveCount(1)
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await page.getByRole('button', { name: 'Restore in this order' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Restore of a whole backup' })).toBeVisible()
  const rows = page.getByRole('row').filter({ hasText: 'demo' })
  await expect(rows.filter({ hasText: 'Succeeded' })).toHaveCount(await rows.count(), { timeout: 60_000 })
  await expect(rows.filter({ hasText: file })).toHaveCount(1)
  await rows.first().getByRole('link').first().click()
  await page.getByRole('link', { name: 'All restores of the backup' }).click()
  await expect(rows.first()).toBeVisible()
  await Promise.all([rm(target, { recursive: true }), rm(file)])
})
