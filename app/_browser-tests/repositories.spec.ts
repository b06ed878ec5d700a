import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { addLargeUploads, ask, expect, installation, test, trigger } from './console.fixture.ts'

const place = (name: string) => join(installation().dataDir, name)
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const folder = (page: Page) => page.getByRole('textbox', { name: 'Folder' })
const nobodyHas = (name: string) => `Nobody has taken the recovery kit of “${name}” yet.`

async function idOf(page: Page, name: string): Promise<string> {
  const { repositories } = await ask(page, '{ repositories { id name } }')
  return repositories.find((one: { name: string }) => one.name === name).id
}

async function takeKit(page: Page): Promise<string> {
  const downloading = page.waitForEvent('download')
  await button(page, 'Download as a text file').click()
  return readFile(await (await downloading).path(), 'utf8')
}

test('a repository is tried and made, and the console insists on its recovery kit until it is taken', async ({
  page,
}) => {
  await page.goto('/repositories')
  await page.getByRole('link', { name: 'New repository' }).click()

  // Nothing filled in: the first field that is wrong has the focus.
  await button(page, 'Make the repository').click()
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused()
  await page.getByLabel('Name', { exact: true }).fill('second disk')
  await folder(page).fill(place('none/second'))
  await button(page, 'Test the place').click()
  await expect(page.getByText('REPOSITORY_UNREACHABLE')).toBeVisible()
  await folder(page).fill(place('second'))
  await expect(page.getByText('REPOSITORY_UNREACHABLE')).toHaveCount(0)
  await button(page, 'Test the place').click()
  await expect(page.getByText('The place answers, and a repository can be made there.')).toBeVisible()
  await button(page, 'Make the repository').click()

  await expect(page.getByRole('heading', { level: 1, name: 'second disk' })).toBeVisible()
  await expect(page.getByText(nobodyHas('second disk'))).toBeVisible()
  await page.getByRole('link', { name: 'Upkeep', exact: true }).click()
  await expect(page.getByText(nobodyHas('second disk'))).toBeVisible()
  await page.goto('/')
  await page.getByRole('link', { name: 'second disk' }).click()

  const kit = await takeKit(page)
  expect(kit).toContain(`export RESTIC_REPOSITORY='${place('second')}'`)
  await expect(page.getByText(nobodyHas('second disk'))).toHaveCount(0)
  await expect(page.getByText('was given to your browser to save')).toBeVisible()
  await page.reload()
  await expect(page.getByText('Taken last')).toBeVisible()
  await expect(page.getByText(nobodyHas('second disk'))).toHaveCount(0)
  await page.goto('/')
  await expect(page.getByText(nobodyHas('default'))).toBeVisible()
})

test('a repository that exists is connected with its password, and a wrong one is said to be wrong', async ({
  page,
}) => {
  await page.goto(`/repositories/${await idOf(page, 'second disk')}`)
  const password = /RESTIC_PASSWORD='([^']+)'/.exec(await takeKit(page))?.[1] as string
  await button(page, 'Remove …').click()
  const question = page.getByRole('alertdialog', { name: 'Remove “second disk”?' })
  await expect(question.getByRole('button', { name: 'Keep it' })).toBeFocused()
  await question.getByRole('button', { name: 'Remove it' }).click()
  await expect(page).toHaveURL(/\/repositories$/)

  await page.getByRole('link', { name: 'New repository' }).click()
  await page.getByRole('radio', { name: /^Connect one that exists/ }).check()
  await page.getByLabel('Name', { exact: true }).fill('found again')
  await folder(page).fill(place('second'))
  await button(page, 'Test the place').click()
  await expect(page.getByText('Give its password to see whether it opens.')).toBeVisible()
  const secret = page.getByRole('textbox', { name: 'Its password' })
  await secret.fill('not the password')
  await button(page, 'Connect the repository').click()
  await expect(page.getByText('REPOSITORY_WRONG_PASSWORD')).toBeVisible()
  await secret.fill(password)
  await button(page, 'Test the place').click()
  await expect(page.getByText('A repository is there, and the password opens it.')).toBeVisible()
  await button(page, 'Connect the repository').click()
  await expect(page.getByRole('heading', { level: 1, name: 'found again' })).toBeVisible()
  expect(await page.content()).not.toContain(password)
})

test('a prune is started and seen to its end, and so is a check', async ({ page }) => {
  await page.goto(`/repositories/${await idOf(page, 'found again')}/upkeep`)
  for (const [start, name] of [
    ['Prune now', 'Prune'],
    ['Check now', 'Integrity check'],
  ] as const) {
    await button(page, start).click()
    const task = page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) })
    await expect(task.getByText('Succeeded')).toBeVisible()
    await expect(page.locator('[aria-live]').filter({ hasText: `${name}: Succeeded.` })).toHaveCount(1)
    await expect(button(page, start)).toBeEnabled()
  }
  await expect(page.getByText(/^Nothing is wrong\./)).toBeVisible()
})

test('a prune that waits for a backup says so, and can be cancelled meanwhile', async ({ page }) => {
  const removeUploads = await addLargeUploads(400)
  try {
    const running = await trigger(page, { type: 'STORAGE' })
    await page.goto(`/repositories/${await idOf(page, 'default')}/upkeep`)
    await button(page, 'Prune now').click()
    await expect(page.getByText('Waits for: a backup into default')).toBeVisible()
    await button(page, 'Cancel: Prune').click()
    await expect(page.getByText('Cancelled').first()).toBeVisible()
    await ask(page, `mutation { cancelBackup(id: "${running}") { __typename } }`)
  } finally {
    await removeUploads()
  }
})

test('limits are changed, and a source is saved in the repository that is chosen for it', async ({ page }) => {
  await page.goto(`/repositories/${await idOf(page, 'found again')}/settings`)
  const atOnce = page.getByRole('textbox', { name: 'Backups at once' })
  await atOnce.fill('none')
  await button(page, 'Save limits and upkeep').click()
  await expect(atOnce).toBeFocused()
  await expect(atOnce).toHaveAttribute('aria-invalid', 'true')
  await atOnce.fill('3')
  await button(page, 'Save limits and upkeep').click()
  await expect(page.getByText('The changes are saved.')).toBeVisible()
  await page.reload()
  await expect(atOnce).toHaveValue('3')

  await page.goto('/sources')
  await page.getByRole('link', { name: 'uploads' }).click()
  await page.getByLabel('Repository').selectOption({ label: 'found again' })
  await button(page, 'Save the changes').click()
  await expect(page).toHaveURL(/\/sources$/)
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'uploads' }) })
  await expect(row).toContainText('found again')
  await page.getByRole('link', { name: 'uploads' }).click()
  await page.getByLabel('Repository').selectOption({ index: 0 })
  await button(page, 'Save the changes').click()
  await expect(row).toContainText('default')
})

test('a recovery kit is printed black on white and with nothing around it', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`/repositories/${await idOf(page, 'found again')}/kit`)
  await expect(page.getByText('RESTIC_PASSWORD')).toHaveCount(0)
  await button(page, 'Show the recovery kit').click()
  const kit = page.getByRole('region', { name: 'The recovery kit' })
  await expect(kit).toContainText('export RESTIC_PASSWORD=')
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  await page.emulateMedia({ media: 'print' })
  await expect(kit).toBeVisible()
  await expect(page.getByRole('navigation')).toHaveCount(0)
  await expect(page.getByRole('button')).toHaveCount(0)
  const colours = await kit.locator('pre').evaluate((element) => {
    const { color, backgroundColor } = getComputedStyle(element)
    return { color, backgroundColor }
  })
  expect(colours).toEqual({ color: 'rgb(0, 0, 0)', backgroundColor: 'rgb(255, 255, 255)' })
})

test('a changed password makes the recovery kit out of date', async ({ page }) => {
  await page.goto(`/repositories/${await idOf(page, 'found again')}/settings`)
  await button(page, 'Change the password …').click()
  await button(page, 'Change it').click()
  await expect(page.getByText('The password is being changed.')).toBeVisible()
  await expect(page.getByText('The recovery kit of “found again” is out of date')).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Take the recovery kit' }).click()
  await takeKit(page)
  await expect(page.getByText('The recovery kit of “found again” is out of date')).toHaveCount(0)
})

test('a second copy is made and shown beside its run', async ({ page }) => {
  await page.goto(`/repositories/${await idOf(page, 'default')}/settings`)
  await page.getByLabel('Copy each snapshot to').selectOption({ label: 'found again' })
  await button(page, 'Save where copies go').click()
  await expect(page.getByText('Each new snapshot is copied to “found again” from now on.')).toBeVisible()
  await page.goto(`/backups/${await trigger(page, { type: 'STORAGE' })}`)
  const copy = page.locator('div').filter({ has: page.locator('dt', { hasText: 'Copy in found again' }) })
  await expect(copy.last().getByText('Succeeded')).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Repositories' }).click()
  await page.getByRole('cell').getByRole('link', { name: 'default', exact: true }).click()
  await expect(page.getByText('Each of its snapshots is copied to found again.')).toBeVisible()
  await page.getByLabel('Of this repository').getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('Copy each snapshot to').selectOption({ label: 'No second copy' })
  await button(page, 'Save where copies go').click()
  await expect(page.getByText('Nothing is copied any more.')).toBeVisible()
})

test('snapshots that were not known are taken into the history', async ({ page }) => {
  await page.goto(`/repositories/${await idOf(page, 'found again')}/snapshots`)
  await button(page, 'Take what is there into the history').click()
  await expect(page.getByText(/known already|new in the history/)).toBeVisible()
})

test('damage that a check finds is named with what it touches, and the console leads out of it', async ({ page }) => {
  test.slow()
  const id = await idOf(page, 'found again')
  const { sources } = await ask(page, '{ sources { id name } }')
  const uploads = sources.find((source: { name: string }) => source.name === 'uploads').id
  const saveIn = (repositoryId: string | null) =>
    ask(page, 'mutation ($input: UpdateSourceInput!) { updateSource(input: $input) { __typename } }', {
      input: { id: uploads, repositoryId },
    })
  await saveIn(id)
  try {
    await page.goto(`/backups/${await trigger(page, { type: 'STORAGE' })}`)
    await expect(page.getByRole('heading', { level: 2, name: 'Succeeded' })).toBeVisible()
    await flipAByteIn(join(place('second'), 'data'))

    await page.goto(`/repositories/${id}/upkeep`)
    await page.getByLabel('Data that the check reads').selectOption('all')
    await button(page, 'Check now').click()
    await expect(page.getByText('Damage found', { exact: true })).toBeVisible({ timeout: 60_000 })
    await expect(page.getByRole('heading', { level: 2, name: 'Damaged' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'uploads' }).first()).toBeVisible()
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    for (const step of ['Repair the damaged packs', 'Repair the snapshots']) {
      await button(page, `${step} …`).click()
      await page.getByRole('alertdialog').getByRole('button', { name: step }).click()
      await expect(page.getByRole('listitem').filter({ hasText: step }).getByText('Done')).toBeVisible({
        timeout: 60_000,
      })
    }
    await button(page, 'Save anew what was lost').click()
    await button(page, 'Check everything').click({ timeout: 60_000 })
    await expect(page.getByRole('heading', { level: 2, name: 'Damaged' })).toHaveCount(0, { timeout: 60_000 })
    await page.goto('/')
    await expect(page.getByText('found damage')).toHaveCount(0)
  } finally {
    await saveIn(null)
  }
})

/** The first of the largest pack: one with content. */
async function flipAByteIn(data: string): Promise<void> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const sized = await Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })))
  const { path } = sized.toSorted((a, b) => b.size - a.size)[0] as { path: string }
  const content = await readFile(path)
  content[0] = (content[0] as number) ^ 1
  await chmod(path, 0o600)
  await writeFile(path, content)
}
