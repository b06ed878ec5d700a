import { partName } from '#lib/sources/driver.ts'
import type { Backup, BackupRun, Source } from '#prisma/client/client.ts'
import type { RunState } from '#prisma/client/enums.ts'
import { formatBytes, formatDuration } from './figures.ts'
import { escapeHtml, mailPage, oneLine, problemHtml } from './mail-page.ts'
import type { Message } from './mailer.ts'

export type EndedBackup = Backup & { runs: (BackupRun & { source: Source })[] }

const words: Record<RunState, { title: string; colour: string }> = {
  QUEUED: { title: 'is queued', colour: '#57606a' },
  RUNNING: { title: 'is running', colour: '#57606a' },
  SUCCEEDED: { title: 'succeeded', colour: '#1a7f37' },
  PARTIAL: { title: 'is incomplete', colour: '#9a6700' },
  FAILED: { title: 'failed', colour: '#cf222e' },
  CANCELLED: { title: 'was cancelled', colour: '#57606a' },
  INTERRUPTED: { title: 'was interrupted', colour: '#cf222e' },
}

/** What a person is told when a backup has ended: what ran, figures, reason and remedy, a link. Pure. */
export function renderBackupMail(backup: EndedBackup, publicUrl: string): Omit<Message, 'to'> {
  const { title, colour } = words[backup.state]
  const where = backup.environments.join(', ')
  const link = `${publicUrl}/backups/${backup.id}`
  const subject = oneLine(`Backup of ${where} ${title}`)
  const took = backup.startedAt && backup.finishedAt ? formatDuration(+backup.finishedAt - +backup.startedAt) : null
  const facts = [
    ['Type', backup.type.toLowerCase().replace('_', ' ')],
    ['Environments', where],
    ['Started', backup.createdAt.toISOString()],
    ...(took ? [['Took', took]] : []),
    ...(backup.description ? [['Description', backup.description]] : []),
  ] as [string, string][]
  const runs = newestAttempts(backup.runs)

  const text = [
    `${subject}.`,
    '',
    ...facts.map(([name, value]) => `${name}: ${value}`),
    '',
    ...runs.flatMap((run) => [
      `- ${nameOf(run)}: ${run.state.toLowerCase()}${figures(run)}`,
      ...(run.errorMessage
        ? [`  What happened: ${run.errorMessage} (${run.errorCode})`, `  What to do: ${run.errorRemedy}`]
        : []),
    ]),
    '',
    link,
    '',
  ].join('\n')

  const body = runs
    .map(
      (
        run,
      ) => `<div style="border-top:1px solid #d0d7de;margin-top:16px;padding-top:12px"><strong>${escapeHtml(nameOf(run))}</strong>
<span style="color:${words[run.state].colour}">${run.state.toLowerCase()}</span>${escapeHtml(figures(run))}${
        run.errorMessage
          ? problemHtml({ message: run.errorMessage, code: run.errorCode ?? '', remedy: run.errorRemedy ?? '' })
          : ''
      }</div>`,
    )
    .join('')
  const html = mailPage({ title: subject, colour, facts, body, link, linkText: 'Open the backup in the console' })
  return { subject, text, html }
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
