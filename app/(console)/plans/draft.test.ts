import { expect, test } from 'vitest'
import { draftOf, inputOf } from './draft.ts'
import type { HookDraft } from './hook-draft.ts'

const plan = {
  name: 'nightly',
  description: 'all of it',
  selection: { environments: ['production'], types: ['DATABASE'], tags: ['shop', 'daily'] },
  schedule: '15 4 * * 1-5',
  timeZone: 'Europe/Berlin',
  windowFrom: '01:00',
  windowTo: '05:00',
  jitterSeconds: 600,
  catchUp: false,
  compressionLevel: 9,
  retries: 3,
  retryPauseSeconds: 90,
  timeLimitSeconds: 7200,
  hooksBefore: [
    { kind: 'command', command: 'freeze', values: [{ name: 'site', value: 'a=b' }], timeoutSeconds: 60 },
    { kind: 'webhook', url: 'https://example.org/in', timeoutSeconds: 30 },
  ],
  hooksAfter: [{ kind: 'command', command: 'thaw', values: [], timeoutSeconds: 300 }],
  webhookTokens: [],
  repositoryId: 'r1',
  copyRepositoryId: 'r2',
  uploadKibPerSecond: 500,
  runsAtOnce: 1,
  notifyRecipients: ['a@example.org', 'b@example.org'],
  notifyOnSuccess: false,
  notifyOnFailure: true,
  notificationEnabled: false,
  logVerbosity: 'WARNING' as const,
  verifyEveryDays: 3,
  blackouts: [{ days: [1, 2], from: '08:00', to: '18:00' }],
  retention: { days: 7, last: 3, hourly: 0, daily: 7, weekly: 4, monthly: 12, yearly: 1 },
}

/** As the server answers it. */
const stored = ({ repositoryId, copyRepositoryId, ...more }: Record<string, unknown>) =>
  ({ ...more, repository: { id: repositoryId }, copyRepository: { id: copyRepositoryId } }) as never

test('a plan comes out of the form as it went in', () => {
  expect(inputOf(draftOf(stored(plan)))).toEqual(plan)
  const byHand = { ...plan, schedule: null, windowFrom: null, windowTo: null, compressionLevel: null }
  expect(inputOf(draftOf(stored({ ...byHand, timeLimitSeconds: null })))).toEqual({
    ...byHand,
    timeLimitSeconds: null,
  })
  const named = { ...plan, selection: { sourceIds: ['a', 'b'] }, schedule: 'weekly' }
  expect(inputOf(draftOf(stored(named)))).toEqual(named)
})

test('a token that was typed goes with its webhook, and one that is stored stays or is forgotten', () => {
  const draft = draftOf({ ...plan, webhooksWithToken: ['https://example.org/in'] } as never)
  const webhook = draft.hooksBefore[1] as HookDraft
  expect(webhook).toMatchObject({ hasToken: true, token: '' })
  const tokens = (part: Partial<HookDraft>) =>
    inputOf({ ...draft, hooksBefore: [{ ...webhook, ...part }] }).webhookTokens
  expect(tokens({})).toEqual([])
  expect(tokens({ token: 'x' })).toEqual([{ url: webhook.url, token: 'x' }])
  expect(tokens({ forgetsToken: true })).toEqual([{ url: webhook.url, token: null }])
})

test('a new plan has what the installation gives it, and tries again', () => {
  const retention = { days: 90, last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
  const defaults = { schedule: 'weekly', selection: { environments: [], types: ['DATABASE'], tags: [] }, retention }
  expect(inputOf(draftOf(defaults))).toMatchObject({ ...defaults, catchUp: true, retries: 2 })
})
