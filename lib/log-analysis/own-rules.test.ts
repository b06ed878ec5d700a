import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { findingsOf } from './findings.ts'
import { fingerprintOf } from './fingerprint.ts'
import { createLogRule, deleteLogRule, ownRules, unknownLines } from './own-rules.ts'

const refusal = (code: string) => expect.objectContaining({ code })

it.each([
  ['open /srv/a/b.jpg: quota 5 of tenant "a" used up', 'open <path>: quota <number> of tenant <name> used up'],
  ['node 01890000-0000-7000-8000-000000000000 left at 2026-11-28T06:00:00.123Z', 'node <id> left at <time>'],
  ['pack 9f86d081884c7d65 took 3.5 s', 'pack <id> took <number> s'],
  ['nothing to take out', 'nothing to take out'],
])('%s has the fingerprint %s', (line, fingerprint) => {
  expect(fingerprintOf(line)).toBe(fingerprint)
})

describe('rules of administrators', () => {
  let home: Installation
  let run: BackupRun
  beforeAll(async () => {
    home = await openInstallation()
    const { prisma } = home.runtime
    const { source } = await home.addFiles('notes', { a: 'a' })
    const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
    const backup = await prisma.backup.create({
      data: { type: 'FULL', origin: 'API', environments: ['test'], compressionLevel: 5, state: 'FAILED' },
    })
    run = await prisma.backupRun.create({
      data: {
        ...{ backupId: backup.id, sourceId: source.id, repositoryId, state: 'FAILED', compressionLevel: 5 },
        ...{ errorCode: 'RESTIC_FAILED', errorMessage: 'restic failed' },
      },
    })
    const lines = [
      ['ERROR', 'widget 17 of “alpha”: the frobnicator is jammed'],
      ['ERROR', 'widget 18 of “beta”: the frobnicator is jammed\nand one line more'],
      ['INFO', 'widget 19 of “gamma”: the frobnicator is jammed'],
      ['ERROR', 'error: open /srv/x: permission denied'],
    ] as const
    await prisma.backupEvent.createMany({
      data: lines.map(([level, message], i) => ({
        ...{ backupId: backup.id, runId: run.id, seq: i + 1, kind: 'LOG' as const, level, message },
      })),
    })
  })
  beforeEach(() => home.runtime.prisma.logRule.deleteMany())
  afterAll(() => home?.close())
  const create = (input: object, actor = home.admin) => createLogRule(home.runtime, actor, input)
  const known = { cause: 'It is jammed.', remedy: 'Kick it.' }

  it('what no rule knows is shown, alike lines as one, until there is one', async () => {
    const unknown = () => unknownLines(home.runtime.prisma, new Date(0))
    expect(await unknown()).toEqual([
      expect.objectContaining({ fingerprint: 'widget <number> of <name>: the frobnicator is jammed', count: 2 }),
      expect.objectContaining({ fingerprint: 'and one line more', count: 1 }),
    ])
    await create({ pattern: 'Widget * of *: the FROBNICATOR is jammed', ...known })
    expect((await unknown()).map(({ fingerprint }) => fingerprint)).toEqual(['and one line more'])
  })

  it('makes lines a finding of their runs, of earlier ones too, after the rules of the program', async () => {
    const { prisma } = home.runtime
    const rule = await create({ pattern: 'frobnicator is jammed', severity: 'ERROR', ...known })
    await create({ pattern: 'permission denied', cause: 'never', remedy: 'said' })
    const findings = await findingsOf(prisma, run)
    expect(findings.find(({ rule: id }) => id === rule.id)).toMatchObject({ ...known, count: 2, isNews: true })
    expect(findings.map(({ cause }) => cause)).not.toContain('never')
    await deleteLogRule(home.runtime, home.admin, rule.id)
    expect((await findingsOf(prisma, run)).map(({ cause }) => cause)).not.toContain(known.cause)
    const audited = await prisma.auditEvent.findMany({ where: { targetId: rule.id }, orderBy: { at: 'asc' } })
    expect(audited.map(({ action }) => action)).toEqual(['log-rule.create', 'log-rule.delete'])
  })

  it('takes a pattern for plain text, and is quick whatever the line', async () => {
    await create({ pattern: 'a.b(c)+[d] *a*a*a*a', ...known })
    const [rule] = await ownRules(home.runtime.prisma)
    expect(rule?.text?.test('say a.b(c)+[d] 1a2a3a4a')).toBe(true)
    expect(rule?.text?.test('say aXb(c)+[d] 1a2a3a4a')).toBe(false)
    expect(rule?.text?.test(`a.b(c)+[d] ${'b'.repeat(2000)}`)).toBe(false)
  })

  it('is refused of those who may not, and where it says too little or too much', async () => {
    const viewer = { ...home.admin, role: 'VIEWER' as const }
    await expect(create({ pattern: 'a line', ...known }, viewer)).rejects.toThrow(refusal('FORBIDDEN'))
    for (const pattern of ['', 'abc', '****', 'ab * c *', '*a*b*c*d*e*f*'])
      await expect(create({ pattern, ...known })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(create({ pattern: 'a line', cause: '', remedy: 'x' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(deleteLogRule(home.runtime, home.admin, 'x')).rejects.toThrow(refusal('LOG_RULE_UNKNOWN'))
  })
})
