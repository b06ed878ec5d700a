import { AxeBuilder } from '@axe-core/playwright'
import { ask, expect, test } from './console.fixture.ts'

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the form of every kind of repository is accessible and fits a phone, ${colorScheme}`, async ({ page }) => {
    test.slow()
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto('/repositories/new')
    const { repositoryKinds } = await ask(page, '{ repositoryKinds { title } }')
    for (const { title } of repositoryKinds) {
      await page.getByRole('radio', { name: title, exact: true }).check()
      await expect(page.getByRole('heading', { name: `Settings of the place: ${title}` })).toBeVisible()
      for (const more of await page.getByText('More settings').all()) await more.click()
      await page.getByRole('button', { name: 'Test the place', exact: true }).click()
      await expect(page.getByText('INPUT_INVALID')).toBeVisible()
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
