import type { Code } from '#lib/errors/catalogue.ts'
import type { Severity } from '#prisma/client/enums.ts'
import type { Rule } from './rule.ts'
import { rules } from './rules.ts'

export interface Line {
  level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'
  message: string
}

/** What the log of a run says: a known problem with the lines that show it. */
export interface Finding {
  rule: string
  severity: Severity
  cause: string
  remedy: string
  link: string | null
  /** The first lines that show it, as the tool wrote them. */
  evidence: string[]
  /** How many lines show it. */
  count: number
  /** Whether it says more than the error of the run, which names its own cause and remedy. */
  isNews: boolean
}

/** Errors that pass on what a tool said, and know no more of it. */
const passedOn: readonly Code[] = [
  'RESTIC_FAILED',
  'RESTORE_TOOL_FAILED',
  'SOURCE_DUMP_FAILED',
  'SOURCE_QUERY_FAILED',
  'FILES_UNREADABLE',
  'UNEXPECTED',
]

const LINES_KEPT = 5
/** No tool says why it failed after so much of a line; a rule is not asked about the rest. */
const LOOKED_AT = 2000

const grades: Record<Severity, number> = { ERROR: 0, WARNING: 1, INFO: 2 }

/** The rule that speaks for a line, ours before `own` ones; null: no one knows it. */
export function ruleOf(line: string, own: readonly Rule[] = []): Rule | null {
  const text = line.slice(0, LOOKED_AT)
  const knows = (rule: Rule) => rule.text?.test(text)
  return rules.find(knows) ?? own.find(knows) ?? null
}

/**
 * What is known of the problems in a run’s log and error: the gravest first, of those as grave the one that the error itself names, then
 * by their first lines. Only lines from WARNING on are looked at, since tools name files as they go. Pure.
 */
export function analyze(
  lines: readonly Line[],
  error: { code: string; message: string } | null,
  own: readonly Rule[] = [],
): Finding[] {
  const found = new Map<Rule, { evidence: string[]; count: number; ofError: boolean }>()
  const note = (rule: Rule | null, line: string | null, ofError = false) => {
    if (rule === null) return
    const at = found.get(rule) ?? { evidence: [], count: 0, ofError }
    if (line !== null) {
      at.count++
      if (at.evidence.length < LINES_KEPT && !at.evidence.includes(line)) at.evidence.push(line)
    }
    found.set(rule, at)
  }
  if (error !== null) {
    // Its words are shown beside what is found: they are no evidence for themselves.
    const byCode = () => rules.find(({ codes }) => codes?.includes(error.code)) ?? null
    note(ruleOf(error.message, own) ?? byCode(), null, true)
  }
  for (const { level, message } of lines)
    if (level === 'WARNING' || level === 'ERROR') for (const line of message.split('\n')) note(ruleOf(line, own), line)
  return [...found]
    .toSorted(([a, x], [b, y]) => grades[a.severity] - grades[b.severity] || Number(y.ofError) - Number(x.ofError))
    .map(([{ id, severity, cause, remedy, link }, { evidence, count }]) => ({
      ...{ rule: id, severity, cause, remedy, link: link ?? null },
      ...{ evidence, count, isNews: count > 0 || passedOn.some((code) => code === error?.code) },
    }))
}
