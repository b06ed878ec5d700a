import { factMail, RED } from './fact-mail.ts'
import type { Message } from './mailer.ts'

/** What a person is told about a source whose newest good backup is too old. Pure. */
export function renderLateMail(
  source: { id: string; name: string; environment: { name: string } },
  since: Date,
  publicUrl: string,
): Omit<Message, 'to'> {
  return factMail({
    title: `No good backup of ${source.name} for too long`,
    colour: RED,
    facts: [
      ['Source', source.name],
      ['Environment', source.environment.name],
      ['Late since', since.toISOString()],
    ],
    problem: {
      message: 'Its newest good backup is older than it should become, or there is none.',
      remedy: 'See in its last backups what went wrong, and whether a plan takes it; then trigger one.',
    },
    link: `${publicUrl}/backups?source=${source.id}`,
    linkText: 'Open its backups in the console',
  })
}
