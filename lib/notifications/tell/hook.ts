import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import { type Told, tell } from '../told.ts'

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
export function tellHook(failed: FailedHook, publicUrl: string): Told {
  return tell({
    title: `A hook after the backup of ${failed.backup.description} failed`,
    tone: 'bad',
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
