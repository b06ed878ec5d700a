/** What every spec uses: a page that is signed in, watched for requests to other hosts and for errors in its console. */
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test as base, expect, type Page } from '@playwright/test'
import { administrator, installation } from './server.fixture.ts'

export { administrator, expect, installation }

interface Expected {
  /** Console errors that the test brings about itself. */
  consoleErrors: RegExp[]
}

interface Session {
  cookies: Awaited<ReturnType<ReturnType<Page['context']>['cookies']>>
}

export const test = base.extend<{ expected: Expected; signedIn: boolean; watched: undefined }, { session: Session }>({
  signedIn: [true, { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  baseURL: async ({}, use) => {
    await use(installation().url)
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  expected: async ({}, use) => {
    await use({ consoleErrors: [] })
  },
  session: [
    async ({ browser }, use) => {
      const page = await browser.newPage({ baseURL: installation().url })
      await page.goto('/sign-in')
      await fillSignIn(page, administrator.password)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      const cookies = await page.context().cookies()
      await page.close()
      await use({ cookies })
    },
    { scope: 'worker' },
  ],
  watched: [
    async ({ context, expected, signedIn, session }, use) => {
      const { host } = new URL(installation().url)
      const strangers: string[] = []
      const errors: string[] = []
      const meet = (url: string): void => {
        if (/^(data|blob):/.test(url)) return
        if (new URL(url).host !== host) strangers.push(url)
      }
      context.on('request', (request) => meet(request.url()))
      context.on('console', (message) => {
        if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`)
      })
      context.on('weberror', (error) => errors.push(String(error.error())))
      context.on('page', (page) => page.on('websocket', (socket) => meet(socket.url())))
      if (signedIn) await context.addCookies(session.cookies)
      await use(undefined)
      expect(strangers, 'requests to other hosts').toEqual([])
      const unexpected = errors.filter((text) => !expected.consoleErrors.some((known) => known.test(text)))
      expect(unexpected, 'errors in the console').toEqual([])
    },
    { auto: true },
  ],
})

export async function fillSignIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Email address').fill(administrator.email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** One operation of the API with the page's own session. */
// biome-ignore lint/suspicious/noExplicitAny: the answers are checked by the test that asks
export async function ask(page: Page, query: string, variables: Record<string, unknown> = {}): Promise<any> {
  const response = await page.request.post('/api/graphql', {
    headers: { 'apollo-require-preflight': '1' },
    data: { query, variables },
  })
  const answer = await response.json()
  expect(answer.errors, JSON.stringify(answer.errors)).toBeUndefined()
  return answer.data
}

/** Waits where the limit of backups a minute asks for it, and gives the test that time. */
export async function trigger(page: Page, input: Record<string, unknown>): Promise<string> {
  const { triggerBackup } = await ask(
    page,
    `mutation ($input: TriggerBackupInput!) { triggerBackup(input: $input) {
      ... on TriggerBackupSuccess { backup { id } } ... on Problem { code message retryAfterSeconds } } }`,
    { input: { environments: ['demo'], ...input } },
  )
  if (triggerBackup.code === 'RATE_LIMITED') {
    test.setTimeout(test.info().timeout + 60_000)
    await page.waitForTimeout(triggerBackup.retryAfterSeconds * 1000)
    return trigger(page, input)
  }
  expect(triggerBackup.backup?.id, JSON.stringify(triggerBackup)).toBeTruthy()
  return triggerBackup.backup.id
}

/** New data in the demo's uploads that restic has never seen, so that saving it takes a while. */
export async function addLargeUploads(megabytes: number): Promise<() => Promise<void>> {
  const folder = join(installation().dataDir, 'demo/uploads/large')
  await mkdir(folder, { recursive: true })
  for (let done = 0; done < megabytes; done += 50) {
    const random = Readable.from(blocks(50))
    await pipeline(random, createWriteStream(join(folder, `part-${done}.bin`)))
  }
  return () => rm(folder, { recursive: true, force: true })
}

function* blocks(megabytes: number): Generator<Uint8Array> {
  for (let left = megabytes * 16; left > 0; left -= 1) yield crypto.getRandomValues(new Uint8Array(65_536))
}

/** Takes the shop's database away, until the returned function is called. */
export async function hideShop(): Promise<() => Promise<void>> {
  const shop = join(installation().dataDir, 'demo/shop.sqlite')
  await rename(shop, `${shop}.away`)
  return () => rename(`${shop}.away`, shop)
}
