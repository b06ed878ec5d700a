import type { Finding } from '#lib/log-analysis/analyze.ts'
import { partName } from '#lib/sources/driver.ts'
import type { Backup, BackupRun, Source } from '#prisma/client/client.ts'
import type { RunState } from '#prisma/client/enums.ts'
import { formatBytes, formatDuration } from '../figures.ts'
import { type Told, type Tone, tell } from '../told.ts'

export type EndedBackup = Backup & { runs: (BackupRun & { source: Source })[] }

/** More of them help nobody who reads a mail. */
const CAUSES_TOLD = 2

const words: Record<RunState, { title: string; tone: Tone }> = {
  QUEUED: { title: 'is queued', tone: 'plain' },
  RUNNING: { title: 'is running', tone: 'plain' },
  SUCCEEDED: { title: 'succeeded', tone: 'good' },
  PARTIAL: { title: 'is incomplete', tone: 'warn' },
  FAILED: { title: 'failed', tone: 'bad' },
  CANCELLED: { title: 'was cancelled', tone: 'plain' },
  INTERRUPTED: { title: 'was interrupted', tone: 'bad' },
}

/**
 * What a person is told when a backup has ended: what ran, figures, reason and remedy, a link. `recovered` names sources of which the
 * attempt before was not whole; `findings` says by the run's id what its log shows. Pure.
 */
export function tellBackup(
  backup: EndedBackup,
  publicUrl: string,
  recovered: readonly string[] = [],
  findings: ReadonlyMap<string, readonly Finding[]> = new Map(),
): Told {
  const { title, tone } = words[backup.state]
  const where = backup.environments.join(', ')
  const took = backup.startedAt && backup.finishedAt ? formatDuration(+backup.finishedAt - +backup.startedAt) : null
  return tell({
    title: `Backup of ${where} ${title}${recovered.length > 0 ? ' again' : ''}`,
    tone,
    facts: [
      ['Type', backup.type.toLowerCase().replace('_', ' ')],
      ['Environments', where],
      ['Started', backup.createdAt.toISOString()],
      ...(took ? [['Took', took] as [string, string]] : []),
      ...(recovered.length > 0 ? [['Good again', recovered.join(', ')] as [string, string]] : []),
      ...(backup.description ? [['Description', backup.description] as [string, string]] : []),
    ],
    parts: newestAttempts(backup.runs).map((run) => ({
      name: nameOf(run),
      state: run.state.toLowerCase(),
      tone: words[run.state].tone,
      figures: figures(run),
      problem: run.errorMessage
        ? { message: run.errorMessage, code: run.errorCode ?? '', remedy: run.errorRemedy ?? '' }
        : null,
      causes: (findings.get(run.id) ?? [])
        .filter(({ isNews }) => isNews)
        .slice(0, CAUSES_TOLD)
        .map(({ cause, remedy, evidence }) => ({
          ...{ cause, remedy, evidence: evidence[0] ?? '' },
        })),
    })),
    link: `${publicUrl}/backups/${backup.id}`,
    linkText: 'Open the backup in the console',
  })
}

/** A later attempt takes the place of an earlier one at the same part, or at the source before it was split into parts. */
function newestAttempts(runs: EndedBackup['runs']): EndedBackup['runs'] {
  const replaces = (other: BackupRun, run: BackupRun) =>
    other.sourceId === run.sourceId && other.attempt > run.attempt && (run.part === '' || other.part === run.part)
  return runs.filter((run) => !runs.some((other) => replaces(other, run)))
}

function nameOf(run: EndedBackup['runs'][number]): string {
  const part = partName(run.part)
  return part === null ? run.source.name : `${run.source.name} (${part})`
}

function figures(run: BackupRun): string {
  if (run.snapshotId === null) return ''
  const parts = [
    `${formatBytes(Number(run.bytesDone ?? 0))} read`,
    `${formatBytes(Number(run.storedBytes ?? 0))} new in the repository`,
  ]
  return `, ${parts.join(', ')}, snapshot ${run.snapshotId.slice(0, 8)}`
}
