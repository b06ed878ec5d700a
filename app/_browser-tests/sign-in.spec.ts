import { administrator, expect, fillSignIn, test } from './console.fixture.ts'

test.use({ signedIn: false })

test('a wrong password is refused and says what to do', async ({ page, expected }) => {
  expected.consoleErrors.push(/401/)
  await page.goto('/sign-in')
  await fillSignIn(page, 'not the password')
  const refusal = page.getByRole('alert').filter({ hasText: 'wrong' })
  await expect(refusal).toContainText('The email address or the password is wrong.')
  await expect(refusal).toContainText('Check both and try again.')
  await expect(page).toHaveURL(/\/sign-in/)
})

test('signing in leads to the page that was asked for, and signing out ends it', async ({ page, expected }) => {
  expected.consoleErrors.push(/401/)
  await page.goto('/backups?state=FAILED')
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fbackups%3Fstate%3DFAILED$/)
  await fillSignIn(page, administrator.password)
  await expect(page).toHaveURL(/\/backups\?state=FAILED$/)
  await expect(page.getByLabel('State')).toHaveValue('FAILED')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.goto('/notifications')
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fnotifications$/)
})

test('an address of another host is not followed after signing in', async ({ page, baseURL }) => {
  await page.goto('/sign-in?next=//example.org/')
  await fillSignIn(page, administrator.password)
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible()
  expect(page.url()).toBe(`${baseURL}/`)
})
