import { describe, expect, it } from 'vitest'
import type { RunState } from '#prisma/client/enums.ts'
import { mailOf } from '../mail.ts'
import { type EndedBackup, tellBackup } from './backup.ts'

const mailedBackup = (...args: Parameters<typeof tellBackup>) => mailOf(tellBackup(...args))

type Run = EndedBackup['runs'][number]

const run = (state: RunState, changes: Partial<Run> = {}, name = 'shop'): Run =>
  ({
    id: crypto.randomUUID(),
    sourceId: name,
    source: { name },
    part: '',
    attempt: 1,
    state,
    snapshotId: null,
    bytesDone: null,
    storedBytes: null,
    errorCode: null,
    errorMessage: null,
    errorRemedy: null,
    ...changes,
  }) as Run

const saved = { snapshotId: '0123456789abcdef', bytesDone: 3_145_728n, storedBytes: 1536n }
const problem = { errorCode: 'PATH_NOT_FOUND', errorMessage: 'The file is gone.', errorRemedy: 'Bring it back.' }

const backup = (state: RunState, runs: Run[], changes: Partial<EndedBackup> = {}): EndedBackup =>
  ({
    id: '01890000-0000-7000-8000-000000000000',
    type: 'USER_DATA',
    state,
    description: '',
    environments: ['production'],
    createdAt: new Date('2026-01-02T03:04:05Z'),
    startedAt: new Date('2026-01-02T03:04:06Z'),
    finishedAt: new Date('2026-01-02T03:08:11Z'),
    runs,
    ...changes,
  }) as EndedBackup

const render = (ended: EndedBackup) => mailedBackup(ended, 'https://backup.example.org')

describe('the mail about a backup', () => {
  it('names every part of a source, and takes only the newest attempt at each', () => {
    const { text, html } = render(
      backup('FAILED', [
        run('INTERRUPTED', { attempt: 1 }),
        run('SUCCEEDED', { attempt: 2, part: 'database:orders', ...saved }),
        run('FAILED', { attempt: 2, part: 'database:invoices', ...problem }),
        run('INTERRUPTED', { attempt: 2, part: 'globals' }),
        run('SUCCEEDED', { attempt: 3, part: 'globals', ...saved }),
      ]),
    )
    expect(text.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      expect.stringContaining('- shop (orders): succeeded'),
      expect.stringContaining('- shop (invoices): failed'),
      expect.stringContaining('- shop (globals): succeeded'),
    ])
    expect(html).toContain('shop (invoices)')
  })

  it.each([
    ['SUCCEEDED', 'Backup of production succeeded'],
    ['PARTIAL', 'Backup of production is incomplete'],
    ['FAILED', 'Backup of production failed'],
    ['CANCELLED', 'Backup of production was cancelled'],
    ['INTERRUPTED', 'Backup of production was interrupted'],
  ] as const)('that ended %s has the subject “%s”', (state, subject) => {
    expect(render(backup(state, [])).subject).toBe(subject)
  })

  it('says what ran, how long it took, how much it saved, and where to look', () => {
    const { text, html } = render(backup('SUCCEEDED', [run('SUCCEEDED', saved)], { description: 'before 2.0' }))
    expect(text).toBe(
      [
        'Backup of production succeeded.',
        '',
        'Type: user data',
        'Environments: production',
        'Started: 2026-01-02T03:04:05.000Z',
        'Took: 4 min 5 s',
        'Description: before 2.0',
        '',
        '- shop: succeeded, 3.0 MiB read, 1.5 KiB new in the repository, snapshot 01234567',
        '',
        'https://backup.example.org/backups/01890000-0000-7000-8000-000000000000',
        '',
      ].join('\n'),
    )
    for (const part of ['user data', '4 min 5 s', 'before 2.0', '3.0 MiB read', '01234567'])
      expect(html).toContain(part)
    expect(html).toContain('href="https://backup.example.org/backups/01890000-0000-7000-8000-000000000000"')
  })

  it('tells of an incomplete run both what was saved and what was not', () => {
    const { text, html } = render(
      backup('PARTIAL', [run('PARTIAL', { ...saved, ...problem }), run('SUCCEEDED', saved, 'uploads')]),
    )
    expect(text).toContain('- shop: partial, 3.0 MiB read')
    expect(text).toContain('  What happened: The file is gone. (PATH_NOT_FOUND)\n  What to do: Bring it back.')
    expect(text).toContain('- uploads: succeeded')
    expect(html).toMatch(/What happened:<\/b> The file is gone\. <code>PATH_NOT_FOUND<\/code>/)
    expect(html).toContain('What to do:</b> Bring it back.')
  })

  it('tells first what the log of a run shows, unless its error says it already', () => {
    const failed = run('FAILED', problem)
    const finding = (cause: string, isNews: boolean, evidence: string[] = []) => ({
      ...{
        rule: cause,
        severity: 'ERROR' as const,
        cause,
        remedy: `Mend ${cause}`,
        link: null,
        evidence,
        count: 1,
        isNews,
      },
    })
    const findings = new Map([
      [failed.id, [finding('A disk is full.', true, ['write <x>: no space left']), finding('It is known.', false)]],
    ])
    const told = mailOf(tellBackup(backup('FAILED', [failed]), 'https://backup.example.org', [], findings))
    expect(told.text).toContain(
      [
        '- shop: failed',
        '  Likely cause: A disk is full.',
        '  What helps: Mend A disk is full.',
        '  The log says: write <x>: no space left',
        '  What happened: The file is gone. (PATH_NOT_FOUND)',
      ].join('\n'),
    )
    expect(told.html).toContain('write &#60;x&#62;: no space left')
    expect(told.text + told.html).not.toContain('It is known.')
  })

  it('tells of each source only the newest attempt', () => {
    const { text } = render(
      backup('SUCCEEDED', [run('INTERRUPTED', { attempt: 1, ...problem }), run('SUCCEEDED', { attempt: 2, ...saved })]),
    )
    expect(text.match(/^- /gm)).toHaveLength(1)
    expect(text).not.toContain('What happened')
  })

  it('leaves out how long it took when it never started', () => {
    expect(render(backup('CANCELLED', [run('CANCELLED')], { startedAt: null })).text).not.toContain('Took')
  })

  it.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '\u202egnp.exe',
    '🐘 عربى',
    'a\r\nBcc: evil@example.org',
    'a\u2028Bcc: evil@example.org',
  ])('takes no header and no HTML from a name like %j', (hostile) => {
    const { subject, html, text } = render(
      backup('FAILED', [run('FAILED', { ...problem, errorMessage: hostile, errorRemedy: hostile }, hostile)], {
        description: hostile,
        environments: [hostile],
      }),
    )
    expect(subject).not.toMatch(/[\r\n\u2028\u2029\0]/)
    const plain = render(backup('FAILED', [run('FAILED', problem)], { description: 'x' })).html
    expect(html.match(/<\/?\w+/g)).toEqual(plain.match(/<\/?\w+/g))
    expect(html).not.toMatch(/<[^>]*alert/)
    expect(text).toContain('What to do:')
  })

  it('keeps the subject short and whole', () => {
    const { subject } = render(backup('SUCCEEDED', [], { environments: [`${'x'.repeat(189)}🐘${'y'.repeat(100)}`] }))
    expect(subject.length).toBeLessThanOrEqual(200)
    expect(subject.isWellFormed()).toBe(true)
  })
})
