import { escapeHtml, mailPage, oneLine, type Problem, problemHtml, problemText } from './mail-page.ts'
import type { Message } from './mailer.ts'

export const RED = '#cf222e'
export const AMBER = '#9a6700'
export const GREEN = '#1a7f37'

export interface Told {
  title: string
  colour: string
  facts: [name: string, value: string][]
  /** In restic's words. */
  lines?: readonly string[]
  problem?: Problem
  /** Where to go from there. */
  link: string
  linkText: string
}

/** A mail that says what happened, names the facts, and leads to the console. Pure. */
export function factMail({ title, colour, facts, lines = [], problem, link, linkText }: Told): Omit<Message, 'to'> {
  const subject = oneLine(title)
  const text = [
    `${subject}.`,
    '',
    ...facts.map(([name, value]) => `${name}: ${value}`),
    '',
    ...lines.map((line) => `- ${line}`),
    ...(problem ? problemText(problem) : []),
    '',
    link,
    '',
  ].join('\n')
  const list = lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`
  const body = `${list}${problem ? problemHtml(problem) : ''}`
  return { subject, text, html: mailPage({ title: subject, colour, facts, body, link, linkText }) }
}
