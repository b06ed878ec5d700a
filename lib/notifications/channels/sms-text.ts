import { shortened, type Told } from '../told.ts'

/** Two messages of the alphabet that phones have, or four of any other. */
const LIMIT = 300

/** What is told as a short message: its title, what to do, and where. */
export function smsText({ title, problem, parts, link }: Told): string {
  const first = problem ?? parts.find((part) => part.problem !== null)?.problem
  const end = link === '' ? '' : ` ${link}`
  const text = first ? `${title}. ${first.message} ${first.remedy}` : `${title}.`
  return `${shortened(text.replace(/\s+/g, ' '), LIMIT - end.length)}${end}`
}
