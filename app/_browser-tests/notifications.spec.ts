import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from './console.fixture.ts'

test('a channel is added, refused first, tested, and what it told is acknowledged and sent again', async ({ page }) => {
  const received: { title: string; message: string }[] = []
  let status = 403
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push(JSON.parse(body))
    response.writeHead(status).end('no such topic')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await page.goto('/notifications')
    await expect(page.getByText('There is no channel yet')).toBeVisible()
    await page.getByRole('link', { name: 'Add a channel' }).click()
    await page.getByRole('radio', { name: 'ntfy' }).check()
    await page.getByLabel('Name', { exact: true }).fill('on call')
    await page.getByLabel('Server').fill(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await page.getByLabel('Topic').fill('not a topic')
    await page.getByRole('button', { name: 'Add the channel' }).click()
    await expect(page.getByLabel('Topic')).toBeFocused()
    await expect(page.getByText('may have up to 64 letters').first()).toBeVisible()
    await page.getByLabel('Topic').fill('backups')
    await page.getByLabel('From which severity on').selectOption('ERROR')
    await page.getByRole('button', { name: 'Add the channel' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'on call' })).toBeVisible()

    await page.getByRole('button', { name: 'Send a test' }).click()
    await expect(page.getByText('The test did not reach on call.')).toBeVisible()
    await expect(page.getByText(/it answered 403 \(no such topic\)/)).toBeVisible()
    status = 200
    await page.getByRole('button', { name: 'Send a test' }).click()
    await expect(page.getByText('The test was taken by the other side.')).toBeVisible()
    expect(received).toHaveLength(2)

    await page.goto('/notifications')
    await expect(page.getByRole('cell', { name: 'Every event' })).toBeVisible()
    const row = page.getByRole('row', { name: /Test message.*Failed/ })
    await row.getByRole('link').click()
    await expect(page.getByRole('heading', { level: 1, name: /^Test message/ })).toBeVisible()
    await page.getByRole('button', { name: 'Send again to on call' }).click()
    await expect(page.getByRole('row', { name: /on call/ })).toContainText('Sent')
    expect(received).toHaveLength(3)
  } finally {
    await new Promise((resolve) => server.close(resolve))
    await page.goto('/notifications')
    await page.getByRole('link', { name: 'on call' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete it' }).click()
    await expect(page.getByText('There is no channel yet')).toBeVisible()
  }
})
