import { partName } from '#lib/sources/driver.ts'
import type { Backup, BackupRun, Source } from '#prisma/client/client.ts'
import type { RunState } from '#prisma/client/enums.ts'
import { formatBytes, formatDuration } from './figures.ts'
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

  const html = `<!doctype html><html lang="en"><body style="margin:0;padding:24px;background:#f6f8fa;color:#1f2328;font:14px/1.5 system-ui,sans-serif">
<div style="max-width:600px;margin:0 auto;background:#fff;border:1px solid #d0d7de;border-radius:8px;padding:24px">
<h1 style="font-size:18px;margin:0 0 16px;color:${colour}">${escapeHtml(subject)}</h1>
<table style="border-collapse:collapse">${facts
    .map(
      ([name, value]) =>
        `<tr><td style="padding:2px 16px 2px 0;color:#57606a;vertical-align:top">${name}</td><td>${escapeHtml(value)}</td></tr>`,
    )
    .join('')}</table>
${runs
  .map(
    (
      run,
    ) => `<div style="border-top:1px solid #d0d7de;margin-top:16px;padding-top:12px"><strong>${escapeHtml(nameOf(run))}</strong>
<span style="color:${words[run.state].colour}">${run.state.toLowerCase()}</span>${escapeHtml(figures(run))}${
      run.errorMessage
        ? `<p style="margin:8px 0 0"><b>What happened:</b> ${escapeHtml(run.errorMessage)} <code>${run.errorCode}</code></p>
<p style="margin:4px 0 0"><b>What to do:</b> ${escapeHtml(run.errorRemedy ?? '')}</p>`
        : ''
    }</div>`,
  )
  .join('')}
<p style="margin:24px 0 0"><a href="${escapeHtml(link)}">Open the backup in the console</a></p></div></body></html>`
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

/** Header values are one line, whatever a name holds. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 200)
  return line.replace(/\p{Cs}$/u, '') // half of a character that the cut went through
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
