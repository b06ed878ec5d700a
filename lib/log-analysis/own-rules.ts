import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { LogRule } from '#prisma/client/client.ts'
import { ruleOf } from './analyze.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Rule } from './rule.ts'

const MOST_RULES = 200
/** More of them could make a line slow to look at. */
const MOST_STARS = 5

const ruleInput = z.strictObject({
  /** What a line holds; * stands for any text. */
  pattern: z
    .string()
    .trim()
    .min(4, 'must have at least 4 characters')
    .max(300, 'may have at most 300 characters')
    .refine((text) => text.split('*').length - 1 <= MOST_STARS, `may have at most ${MOST_STARS} stars`)
    .refine((text) => text.replaceAll(/[*\s]/g, '').length >= 4, 'must have at least 4 characters besides stars'),
  severity: z.enum(['INFO', 'WARNING', 'ERROR']).default('ERROR'),
  cause: z.string().trim().min(1, 'must not be empty').max(500, 'may have at most 500 characters'),
  remedy: z.string().trim().min(1, 'must not be empty').max(500, 'may have at most 500 characters'),
})

/** What administrators know of lines that no rule of ours does. */
export async function ownRules(prisma: Database): Promise<Rule[]> {
  const rows = await prisma.logRule.findMany({ orderBy: { createdAt: 'asc' } })
  return rows.map(({ id, severity, cause, remedy, pattern }) => ({
    ...{ id, severity, cause, remedy, examples: [] },
    text: new RegExp(pattern.split(/\*+/).map(escaped).join('.*?'), 'i'),
  }))
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** Throws FORBIDDEN, INPUT_INVALID and LOG_RULES_FULL. */
export async function createLogRule(
  { prisma }: { prisma: Database },
  actor: Actor | null,
  raw: unknown,
): Promise<LogRule> {
  requireScope(actor, 'settings:write', 'add a rule for logs')
  const input = parseInput(ruleInput, raw)
  return prisma.$transaction(async (tx) => {
    if ((await tx.logRule.count()) >= MOST_RULES) throw new CodedError('LOG_RULES_FULL', { most: MOST_RULES })
    const rule = await tx.logRule.create({ data: { ...input, createdBy: actor.email } })
    const target = { type: 'log-rule', id: rule.id }
    await record(tx, { actor, action: 'log-rule.create', target, details: { pattern: input.pattern } })
    return rule
  })
}

/** Throws FORBIDDEN, LOG_RULE_UNKNOWN. */
export async function deleteLogRule(
  { prisma }: { prisma: Database },
  actor: Actor | null,
  id: string,
): Promise<LogRule> {
  requireScope(actor, 'settings:write', 'delete a rule for logs')
  return prisma.$transaction(async (tx) => {
    const rule = z.uuid().safeParse(id).success ? await tx.logRule.findUnique({ where: { id } }) : null
    if (rule === null) throw new CodedError('LOG_RULE_UNKNOWN', { id })
    await tx.logRule.delete({ where: { id } })
    const details = { pattern: rule.pattern }
    await record(tx, { actor, action: 'log-rule.delete', target: { type: 'log-rule', id }, details })
    return rule
  })
}

export interface UnknownLine {
  fingerprint: string
  /** The newest one. */
  sample: string
  count: number
  firstAt: Date
  lastAt: Date
  backupId: string
}

const LINES_READ = 5000
const SHOWN = 30

/** Warnings and errors since then that no rule knows, alike ones as one, the most frequent first. Of the newest 5,000 lines. */
export async function unknownLines(prisma: Database, since: Date): Promise<UnknownLine[]> {
  const [own, lines] = await Promise.all([
    ownRules(prisma),
    prisma.backupEvent.findMany({
      where: { kind: 'LOG', level: { in: ['WARNING', 'ERROR'] }, at: { gte: since }, message: { not: null } },
      select: { at: true, message: true, backupId: true },
      orderBy: { at: 'desc' },
      take: LINES_READ,
    }),
  ])
  const found = new Map<string, UnknownLine>()
  for (const { at, message, backupId } of lines)
    for (const line of (message ?? '').split('\n')) {
      if (line.trim() === '' || ruleOf(line, own) !== null) continue
      const fingerprint = fingerprintOf(line)
      const one = found.get(fingerprint)
      if (one === undefined)
        found.set(fingerprint, { fingerprint, sample: line, count: 1, firstAt: at, lastAt: at, backupId })
      else {
        one.count++
        one.firstAt = at
      }
    }
  return [...found.values()].toSorted((a, b) => b.count - a.count || +b.lastAt - +a.lastAt).slice(0, SHOWN)
}
