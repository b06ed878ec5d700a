import { z } from 'zod'

export const EVIDENCE_LIMIT = 300

const tone = z.enum(['good', 'warn', 'bad', 'plain'])
export type Tone = z.output<typeof tone>

const problem = z.object({ code: z.string().optional(), message: z.string(), remedy: z.string() })
export type Problem = z.output<typeof problem>

const part = z.object({
  /** What people call it: “shop (orders)”. */
  name: z.string(),
  /** “succeeded” */
  state: z.string(),
  tone,
  /** What it did, from a comma on: “, 3.0 MiB read”. Empty: nothing to tell. */
  figures: z.string(),
  problem: problem.nullable(),
  /** What its log shows: a likely cause with what to do, and the line that shows it, if one does. */
  causes: z.array(z.object({ cause: z.string(), remedy: z.string(), evidence: z.string() })).default([]),
})

/** What a notification says, whatever carries it. Nothing in it is HTML or any other markup. */
export const told = z.object({
  /** One line. */
  title: z.string(),
  tone,
  facts: z.array(z.tuple([z.string(), z.string()])),
  /** Of what has several parts. */
  parts: z.array(part),
  /** In the words of the tool that said them. */
  lines: z.array(z.string()),
  problem: problem.nullable(),
  /** Where to go from there; empty: nowhere. */
  link: z.string(),
  linkText: z.string(),
  /** What can be done about it, and where; only in what is sent, since each is for who gets it alone. */
  actions: z.array(z.object({ text: z.string(), link: z.string() })).default([]),
})
export type Told = z.output<typeof told>

type Given = Pick<Told, 'title' | 'tone' | 'facts' | 'link' | 'linkText'> &
  Partial<Pick<Told, 'parts' | 'lines' | 'problem'>>

/** A notification from what there is to tell. */
export function tell({ title, parts = [], lines = [], problem = null, ...rest }: Given): Told {
  return { title: oneLine(title), parts, lines, problem, actions: [], ...rest }
}

/** Titles and header values are one line, whatever a name holds. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 200)
  return line.replace(/\p{Cs}$/u, '') // half of a character that the cut went through
}

export const problemText = ({ code, message, remedy }: Problem): string[] => [
  `What happened: ${message}${code ? ` (${code})` : ''}`,
  `What to do: ${remedy}`,
]

const causesText = (causes: Told['parts'][number]['causes']): string[] =>
  causes.flatMap(({ cause, remedy, evidence }) => [
    `Likely cause: ${cause}`,
    `What helps: ${remedy}`,
    ...(evidence === '' ? [] : [`The log says: ${shortened(evidence, EVIDENCE_LIMIT)}`]),
  ])

/** What it says but for its title and its link, as lines of plain text. */
export function bodyText({ facts, parts, lines, problem, actions }: Told): string[] {
  return [
    ...facts.map(([name, value]) => `${name}: ${value}`),
    '',
    ...parts.flatMap((part) => [
      `- ${part.name}: ${part.state}${part.figures}`,
      ...causesText(part.causes).map((line) => `  ${line}`),
      ...(part.problem ? problemText(part.problem).map((line) => `  ${line}`) : []),
    ]),
    ...lines.map((line) => `- ${line}`),
    ...(problem ? problemText(problem) : []),
    ...actions.map(({ text, link }) => `${text}: ${link}`),
  ]
}

/** As plain text of at most so many characters (UTF-16 units), cut at a character’s end and marked where it was cut. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, limit - 1).replace(/\p{Cs}$/u, '')}…`
}
