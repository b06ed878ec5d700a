import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import { mailPage, oneLine, problemHtml, problemText } from './mail-page.ts'
import type { Message } from './mailer.ts'

const RED = '#cf222e'

interface FailedHook {
  hook: unknown
  backupId: string
  attempt: number
  errorCode: string | null
  errorMessage: string | null
  errorRemedy: string | null
  backup: { description: string }
}

/** What a person is told when what was to be called after a backup failed for good. Pure. */
export function renderHookMail(failed: FailedHook, publicUrl: string): Omit<Message, 'to'> {
  const subject = oneLine(`A hook after the backup of ${failed.backup.description} failed`)
  const facts: [string, string][] = [
    ['Plan', failed.backup.description],
    ['Hook', hookTitle(hookInput.parse(failed.hook))],
    ['Attempts', String(failed.attempt)],
  ]
  const problem = {
    code: failed.errorCode ?? '',
    message: failed.errorMessage ?? 'It failed.',
    remedy: `${failed.errorRemedy ?? ''} What it was to do is left undone: do it by hand. The backup itself ended as its own message says.`,
  }
  const link = `${publicUrl}/backups/${failed.backupId}`
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
