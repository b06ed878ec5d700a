import type { Severity } from '#prisma/client/enums.ts'

/** One known problem: how it is recognised, what it means, and what to do. Data: nothing of it decides what a run ends as. */
export interface Rule {
  /** Never changes its meaning. */
  id: string
  severity: Severity
  cause: string
  remedy: string
  /** Of the tool’s own documentation. */
  link?: string
  /** The run’s error code, which is looked at first. */
  codes?: readonly string[]
  /** A line of the log. Without nested repetition, so that no line makes it slow. */
  text?: RegExp
  /** Lines of the real tools, each of which this rule recognises and no earlier one does. */
  examples: readonly string[]
}
