import { mailPage, oneLine, problemHtml, problemText } from './mail-page.ts'
import type { Message } from './mailer.ts'

const RED = '#cf222e'

interface Hold {
  reason: string
  part: string
  source: { name: string; environment: { name: string } }
  run: { backupId: string; finishedAt: Date | null }
}

/** What a person is told about a backup that looks wrong, and that retention waits for them. Pure. */
export function renderHoldMail({ reason, part, source, run }: Hold, publicUrl: string): Omit<Message, 'to'> {
  const subject = oneLine(`The backup of ${source.name} looks wrong`)
  const facts: [string, string][] = [
    ['Source', part === '' ? source.name : `${source.name} (${part})`],
    ['Environment', source.environment.name],
    ['Backup ended', run.finishedAt?.toISOString() ?? 'unknown'],
  ]
  const problem = {
    message: `The newest backup differs from all before it: ${reason}. None of its older snapshots is removed until somebody has looked.`,
    remedy:
      'See whether the data is what it should be: it may have been deleted, or encrypted by somebody. Then let retention go on, on the page of the source.',
  }
  const link = `${publicUrl}/backups/${run.backupId}`
  const text = [
    `${subject}.`,
    '',
    ...facts.map(([name, value]) => `${name}: ${value}`),
    '',
    ...problemText(problem),
    '',
    link,
    '',
  ].join('\n')
  const body = problemHtml(problem)
  const html = mailPage({ title: subject, colour: RED, facts, body, link, linkText: 'Open the backup in the console' })
  return { subject, text, html }
}
