import { type Told, tell } from '../told.ts'

interface Hold {
  reason: string
  part: string
  source: { name: string; environment: { name: string } }
  run: { backupId: string; finishedAt: Date | null }
}

/** What a person is told about a backup that looks wrong, and that retention waits for them. Pure. */
export function tellHold({ reason, part, source, run }: Hold, publicUrl: string): Told {
  return tell({
    title: `The backup of ${source.name} looks wrong`,
    tone: 'bad',
    facts: [
      ['Source', part === '' ? source.name : `${source.name} (${part})`],
      ['Environment', source.environment.name],
      ['Backup ended', run.finishedAt?.toISOString() ?? 'unknown'],
    ],
    problem: {
      message: `The newest backup differs from all before it: ${reason}. None of its older snapshots is removed until somebody has looked.`,
      remedy:
        'See whether the data is what it should be: it may have been deleted, or encrypted by somebody. Then let retention go on, on the page of the source.',
    },
    link: `${publicUrl}/backups/${run.backupId}`,
    linkText: 'Open the backup in the console',
  })
}
