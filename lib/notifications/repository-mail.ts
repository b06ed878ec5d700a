import type { RepositoryNotice } from '#lib/queue/repository-notice.ts'
import { escapeHtml, mailPage, oneLine, type Problem, problemHtml, problemText } from './mail-page.ts'
import type { Message } from './mailer.ts'

const RED = '#cf222e'
const GREEN = '#1a7f37'
const NAMES_SHOWN = 20

interface Told {
  title: string
  colour: string
  facts: [string, string][]
  /** In restic's words. */
  lines?: readonly string[]
  problem?: Problem
}

/** What a person is told about a repository. Pure. */
export function renderRepositoryMail(
  repository: { id: string; name: string; location: string },
  notice: RepositoryNotice,
  publicUrl: string,
): Omit<Message, 'to'> {
  const { title, colour, facts: own, lines = [], problem } = tell(repository.name, notice)
  const subject = oneLine(title)
  const link = `${publicUrl}/repositories/${repository.id}`
  const facts: [string, string][] = [['Repository', repository.name], ['Place', repository.location], ...own]
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
  const html = mailPage({ title: subject, colour, facts, body, link, linkText: 'Open the repository in the console' })
  return { subject, text, html }
}

function tell(name: string, notice: RepositoryNotice): Told {
  switch (notice.kind) {
    case 'unreachable':
      return {
        title: `Repository ${name} cannot be used`,
        colour: RED,
        facts: [['Since', notice.since]],
        problem: notice.problem,
      }
    case 'reachable':
      return {
        title: `Repository ${name} can be used again`,
        colour: GREEN,
        facts: [
          ...(notice.since === null ? [] : [['Away since', notice.since] as [string, string]]),
          ['Back', notice.at],
        ],
      }
    case 'damaged':
      return {
        title: `Repository ${name} is damaged`,
        colour: RED,
        facts: [
          ['Found', notice.at],
          ['Touches', touchedText(notice.touched, notice.touchedInFull)],
        ],
        lines: notice.problems,
        problem: {
          message:
            'An integrity check found data that is missing or altered. Backups that need it cannot be restored whole.',
          remedy: 'Open the repository in the console: it names what is affected and leads through the repair.',
        },
      }
    case 'task-failed':
      return {
        title: `The ${notice.task} of repository ${name} failed`,
        colour: RED,
        facts: [
          ['Ended', notice.at],
          ['Attempts', String(notice.attempts)],
        ],
        problem: notice.problem,
      }
  }
}

/** “uploads, shop (orders)” */
function touchedText(names: readonly string[], isAll: boolean): string {
  const [shown, rest] = [names.slice(0, NAMES_SHOWN), names.length - NAMES_SHOWN]
  const more = rest > 0 ? `, and ${rest} more` : isAll ? '' : ', and perhaps others'
  if (shown.length === 0) return isAll ? 'no backup that is known of' : 'not known yet'
  return `backups of ${shown.join(', ')}${more}`
}
