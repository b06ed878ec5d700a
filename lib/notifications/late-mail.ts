import { mailPage, oneLine, problemHtml, problemText } from './mail-page.ts'
import type { Message } from './mailer.ts'

const RED = '#cf222e'

/** What a person is told about a source whose newest good backup is too old. Pure. */
export function renderLateMail(
  source: { id: string; name: string; environment: { name: string } },
  since: Date,
  publicUrl: string,
): Omit<Message, 'to'> {
  const subject = oneLine(`No good backup of ${source.name} for too long`)
  const facts: [string, string][] = [
    ['Source', source.name],
    ['Environment', source.environment.name],
    ['Late since', since.toISOString()],
  ]
  const problem = {
    message: 'Its newest good backup is older than it should become, or there is none.',
    remedy: 'See in its last backups what went wrong, and whether a plan takes it; then trigger one.',
  }
  const link = `${publicUrl}/backups?source=${source.id}`
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
  const html = mailPage({
    title: subject,
    colour: RED,
    facts,
    body: problemHtml(problem),
    link,
    linkText: 'Open its backups in the console',
  })
  return { subject, text, html }
}
