import { readFile } from 'node:fs/promises'
import { ask, expect, test } from './console.fixture.ts'

test('the configuration is downloaded, compared, refused line by line, and applied after a question', async ({
  page,
}) => {
  await page.goto('/environments')
  await page.getByRole('link', { name: 'Configuration as a file' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Configuration as a file' })).toBeVisible()

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download it' }).click()
  const yaml = await readFile(await (await downloading).path(), 'utf8')
  expect(yaml).toMatch(/^version: 1$/m)

  const compare = page.getByRole('button', { name: 'Compare', exact: true })
  await expect(compare).toBeDisabled()
  await page
    .getByLabel('Choose a file')
    .setInputFiles({ name: 'backup.yaml', mimeType: 'text/yaml', buffer: Buffer.from(yaml) })
  await expect(page.getByLabel('Or paste it')).toHaveValue(yaml)
  await compare.click()
  await expect(page.getByText('Nothing to change')).toBeVisible()

  await page.getByLabel('Or paste it').fill('version: 1\nplans:\n  - name: weekly\n    selection: {}\n    retires: 2')
  await expect(page.getByText('Nothing to change')).toHaveCount(0)
  await compare.click()
  await expect(page.getByRole('alert').getByText(/line 5: .*do you mean “retries”/)).toBeVisible()

  const file = `version: 1
plans:
  - name: weekly
    selection: {}
    hooksAfter:
      - kind: webhook
        url: https://hooks.example.org/done
        token: {fromEnv: HOOK_TOKEN}
`
  await page.getByLabel('Or paste it').fill(file)
  await compare.click()
  await expect(page.getByRole('alert').getByText(/HOOK_TOKEN is not set/)).toBeVisible()
  await page.getByLabel('HOOK_TOKEN').fill('a token')
  await compare.click()
  await expect(page.getByRole('heading', { level: 3, name: 'Add plan weekly' })).toBeVisible()
  await page.getByRole('button', { name: 'Apply …' }).click()
  const dialog = page.getByRole('alertdialog', { name: 'Make this change?' })
  await expect(dialog.getByRole('button', { name: 'Leave all as it is' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
  await expect(page.getByText('Applied: all is as the file says.')).toBeVisible()

  const { plans } = await ask(page, '{ plans { id name } }')
  const made = plans.find(({ name }: { name: string }) => name === 'weekly')
  expect(made).toBeTruthy()
  await ask(page, 'mutation ($id: ID!) { deletePlan(id: $id) { __typename } }', { id: made.id })
})
