import { describe, expect, it } from 'vitest'
import { mailOf } from '../mail.ts'
import { tellHold } from './hold.ts'
import { tellHook } from './hook.ts'
import { tellLate } from './late.ts'
import { tellPlan } from './plan.ts'

const mailedHold = (...args: Parameters<typeof tellHold>) => mailOf(tellHold(...args))
const mailedHook = (...args: Parameters<typeof tellHook>) => mailOf(tellHook(...args))
const mailedLate = (...args: Parameters<typeof tellLate>) => mailOf(tellLate(...args))
const mailedPlan = (...args: Parameters<typeof tellPlan>) => mailOf(tellPlan(...args))

const url = 'https://backup.example.org'
const event = (kind: 'MISSED' | 'REFUSED', name = 'nightly') => ({
  kind,
  dueAt: new Date('2026-03-01T03:30:00Z'),
  message: 'It was missed: nothing ran.',
  plan: { id: 'p1', name, catchUp: true },
})
const hold = (name = 'uploads') => ({
  reason: 'it read 1 % of what is usual',
  part: 'database:shop',
  source: { name, environment: { name: 'production' } },
  run: { backupId: 'b1', finishedAt: new Date('2026-03-01T04:00:00Z') },
})

describe('the mail about a plan', () => {
  it('says which time was missed, what happened, what to do and where to look', () => {
    const { subject, text, html } = mailedPlan(event('MISSED'), url)
    expect(subject).toBe('Plan nightly missed its time')
    expect(text).toBe(
      [
        'Plan nightly missed its time.',
        '',
        'Plan: nightly',
        'Due: 2026-03-01T03:30:00.000Z',
        '',
        'What happened: It was missed: nothing ran.',
        'What to do: See in the log of the server why nothing ran at that time.',
        '',
        'https://backup.example.org/plans/p1',
        '',
      ].join('\n'),
    )
    expect(html).toContain('https://backup.example.org/plans/p1')
    expect(mailedPlan(event('REFUSED'), url).subject).toBe('Plan nightly could not start')
  })
})

const lateSource = (name = 'uploads') => ({ id: 's1', name, environment: { name: 'production' } })

describe('the mail about a source that is late', () => {
  it('says since when, and what to do', () => {
    const { subject, text } = mailedLate(lateSource(), new Date('2026-03-01T04:00:00Z'), true, url)
    expect(subject).toBe('No good backup of uploads for too long')
    expect(text).toContain('Late since: 2026-03-01T04:00:00.000Z')
    expect(text).toContain('What to do: See in its last backups')
    expect(text).toContain('https://backup.example.org/backups?source=s1')
  })
})

describe('the mail about a backup that looks wrong', () => {
  it('says what is wrong with it and that nothing is removed meanwhile', () => {
    const { subject, text } = mailedHold(hold(), url)
    expect(subject).toBe('The backup of uploads looks wrong')
    expect(text).toContain('it read 1 % of what is usual. None of its older snapshots is removed')
    expect(text).toContain('uploads (database:shop)')
    expect(text).toContain('https://backup.example.org/backups/b1')
  })
})

it.each(['<script>alert(1)</script>', 'a\r\nBcc: evil@example.org'])('no name injects anything: %s', (name) => {
  for (const { subject, html } of [
    mailedPlan(event('MISSED', name), url),
    mailedHold(hold(name), url),
    mailedLate(lateSource(name), new Date(0), false, url),
  ]) {
    expect(subject).not.toMatch(/[\r\n]/)
    expect(html).not.toContain('<script>')
  }
})

describe('the mail about a hook', () => {
  it('says which one failed after which backup, and that it is left undone, and nothing in it injects anything', () => {
    const { subject, text, html } = mailedHook(
      {
        hook: { kind: 'webhook', url: 'https://shop.example.org/secret-path' },
        backupId: 'b1',
        attempt: 4,
        errorCode: 'WEBHOOK_FAILED',
        errorMessage: 'The webhook to shop.example.org failed: it answered 503.',
        errorRemedy: 'See that its address is right.',
        backup: { description: 'nightly\r\nBcc: x@example.org <b>' },
      },
      url,
    )
    expect(subject).toBe('A hook after the backup of nightly Bcc: x@example.org <b> failed')
    expect(text).toContain('Hook: the webhook to shop.example.org\nAttempts: 4\n')
    expect(text).toContain('it answered 503. (WEBHOOK_FAILED)')
    expect(text).toContain('is left undone')
    expect(text).toContain(`${url}/backups/b1`)
    expect(text + html).not.toContain('secret-path')
    expect(html).not.toContain('<b>n')
  })
})
