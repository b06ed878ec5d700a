import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import { factMail, RED } from './fact-mail.ts'
import type { Message } from './mailer.ts'

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
  return factMail({
    title: `A hook after the backup of ${failed.backup.description} failed`,
    colour: RED,
    facts: [
      ['Plan', failed.backup.description],
      ['Hook', hookTitle(hookInput.parse(failed.hook))],
      ['Attempts', String(failed.attempt)],
    ],
    problem: {
      code: failed.errorCode ?? '',
      message: failed.errorMessage ?? 'It failed.',
      remedy: `${failed.errorRemedy ?? ''} What it was to do is left undone: do it by hand. The backup itself ended as its own message says.`,
    },
    link: `${publicUrl}/backups/${failed.backupId}`,
    linkText: 'Open the backup in the console',
  })
}
