import { describe, expect, it } from 'vitest'
import type { RepositoryNotice } from '#lib/queue/repository-notice.ts'
import { mailOf } from '../mail.ts'
import { tellRepository } from './repository.ts'

const mailedRepository = (...args: Parameters<typeof tellRepository>) => mailOf(tellRepository(...args))

const id = '01890000-0000-7000-8000-000000000000'
const problem = { code: 'REPOSITORY_UNREACHABLE', message: 'Nobody listens.', remedy: 'Start the server.' }
const [since, at] = ['2026-03-01T09:30:00.000Z', '2026-03-01T10:00:00.000Z']
const notices = {
  unreachable: { kind: 'unreachable', since, problem },
  reachable: { kind: 'reachable', since, at },
  damaged: {
    kind: 'damaged',
    at,
    problems: ['pack 1a: wrong content', 'tree 2b: gone'],
    touched: ['uploads', 'shop (orders)'],
    touchedInFull: true,
  },
  restored: {
    kind: 'restore-ended',
    restoreId: id,
    source: 'shop',
    into: '/srv/restored',
    state: 'SUCCEEDED',
    at,
    requestedBy: 'admin@example.org',
    problem: null,
  },
  unrestored: {
    kind: 'restore-ended',
    restoreId: id,
    source: 'shop',
    into: '/srv/restored',
    state: 'INTERRUPTED',
    at,
    requestedBy: 'admin@example.org',
    problem,
  },
  partial: {
    kind: 'restore-ended',
    restoreId: id,
    source: 'shop',
    into: '/srv/restored',
    state: 'PARTIAL',
    at,
    requestedBy: 'admin@example.org',
    problem,
  },
  approval: {
    kind: 'restore-approval',
    restoreId: id,
    source: 'staging: shop',
    into: 'production: the database “shop”',
    at,
    requestedBy: 'admin@example.org',
    hours: 24,
  },
  mismatch: {
    kind: 'verification-ended',
    restoreId: id,
    source: 'shop',
    at,
    requestedBy: 'plan nightly',
    isMismatch: true,
    problem,
  },
  unverified: {
    kind: 'verification-ended',
    restoreId: id,
    source: 'shop',
    at,
    requestedBy: 'plan nightly',
    isMismatch: false,
    problem,
  },
  failed: { kind: 'task-failed', task: 'integrity check', at, attempts: 3, problem },
} satisfies Record<string, RepositoryNotice>
const render = (notice: RepositoryNotice, name = 'offsite', location = 'sftp:backup@host:/srv') =>
  mailedRepository({ id, name, location }, notice, 'https://backup.example.org')

describe('the mail about a repository', () => {
  it.each([
    ['unreachable', 'Repository offsite cannot be used'],
    ['reachable', 'Repository offsite can be used again'],
    ['damaged', 'Repository offsite is damaged'],
    ['restored', 'The restore of shop succeeded'],
    ['unrestored', 'The restore of shop was interrupted'],
    ['partial', 'The restore of shop is partial'],
    ['approval', 'A restore of staging: shop waits for an approval'],
    ['failed', 'The integrity check of repository offsite failed'],
  ] as const)('that is %s has the subject “%s”', (kind, subject) => {
    expect(render(notices[kind]).subject).toBe(subject)
  })

  it('leads to what it is about', () => {
    const pageOf = (notice: RepositoryNotice) => /https:\/\/\S+/.exec(render(notice).text)?.[0]
    expect(pageOf(notices.failed)).toBe(`https://backup.example.org/repositories/${id}`)
    expect(pageOf(notices.approval)).toBe(`https://backup.example.org/restores/${id}`)
    expect(pageOf(notices.partial)).toBe(`https://backup.example.org/restores/${id}`)
    expect(pageOf(notices.mismatch)).toBe(`https://backup.example.org/verifications/${id}`)
  })

  it('says what happened, since when, what to do, and where to look', () => {
    const { text, html } = render(notices.unreachable)
    expect(text).toBe(
      [
        'Repository offsite cannot be used.',
        '',
        'Repository: offsite',
        'Place: sftp:backup@host:/srv',
        `Since: ${since}`,
        '',
        'What happened: Nobody listens. (REPOSITORY_UNREACHABLE)',
        'What to do: Start the server.',
        '',
        `https://backup.example.org/repositories/${id}`,
        '',
      ].join('\n'),
    )
    for (const part of [
      since,
      'Nobody listens.',
      'REPOSITORY_UNREACHABLE',
      'Start the server.',
      `/repositories/${id}"`,
    ])
      expect(html).toContain(part)
  })

  it.each([
    [['uploads', 'shop (orders)'], true, 'backups of uploads, shop (orders)'],
    [['uploads'], false, 'backups of uploads, and perhaps others'],
    [Array.from({ length: 22 }, (_, i) => `s${i}`), true, 's19, and 2 more'],
    [[], true, 'no backup that is known of'],
    [[], false, 'not known yet'],
  ])('names the backups that damage touches: %j', (touched, touchedInFull, words) => {
    expect(render({ ...notices.damaged, touched, touchedInFull }).text).toContain(`${words}\n`)
  })

  it('leaves out since when it was away when that is not known any more', () => {
    expect(render(notices.reachable).text).toContain(`Away since: ${since}`)
    expect(render({ ...notices.reachable, since: null }).text).not.toContain('Away since')
  })

  it('names what a check found', () => {
    const { text, html } = render(notices.damaged)
    expect(text).toContain('- pack 1a: wrong content\n- tree 2b: gone')
    expect(html).toContain('<li>pack 1a: wrong content</li><li>tree 2b: gone</li>')
  })

  it.each(['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'a\r\nBcc: evil@example.org', 'a\u2028b'])(
    'takes no header and no HTML from %j',
    (hostile) => {
      const said = { code: 'X', message: hostile, remedy: hostile }
      for (const [notice, plain] of [
        [{ ...notices.unreachable, problem: said }, notices.unreachable],
        [{ ...notices.damaged, problems: [hostile, hostile], touched: [hostile] }, notices.damaged],
        [{ ...notices.failed, task: hostile, problem: said }, notices.failed],
      ] satisfies [RepositoryNotice, RepositoryNotice][]) {
        const { subject, html } = render(notice, hostile, hostile)
        expect(subject).not.toMatch(/[\r\n\u2028\u2029]/)
        expect(html.match(/<\/?\w+/g)).toEqual(render(plain).html.match(/<\/?\w+/g))
        expect(html).not.toMatch(/<[^>]*alert/)
      }
    },
  )
})
