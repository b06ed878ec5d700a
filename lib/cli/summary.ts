import type { Backup, RunState } from './documents.ts'
import { formatBytes, printable } from './format.ts'
import { labelOf, paint } from './view.ts'

/** What a backup came to, as lines: per run its state, sizes, snapshot and place, or its error and what to do. */
export function summarise(backup: Backup, colour: boolean): string[] {
  const lines = [`Backup ${backup.id}: ${paint(backup.state, backup.state, colour)}`]
  for (const run of backup.runs) {
    lines.push(`  ${labelOf(run)}: ${paint(run.state, run.state, colour)}`)
    if (run.waitsFor) lines.push(`    waits for ${printable(run.waitsFor)}`)
    if (run.snapshotId) {
      const files =
        run.progress.filesDone === null
          ? ''
          : ` in ${run.progress.filesDone} ${run.progress.filesDone === 1 ? 'file' : 'files'}`
      const stored = run.storedBytes === null ? '' : ` (${formatBytes(run.storedBytes)} stored)`
      lines.push(`    size      ${formatBytes(run.progress.bytesDone)}${files}`)
      lines.push(`    new data  ${formatBytes(run.addedBytes)}${stored}`)
      lines.push(`    snapshot  ${run.snapshotId}`)
      lines.push(`    saved in  ${printable(`${run.repository.name}: ${run.repository.location}`)}`)
    }
    if (run.error) {
      lines.push(`    ${printable(run.error.message)} (${run.error.code})`)
      lines.push(`    What to do: ${printable(run.error.remedy)}`)
    }
  }
  return lines
}

/** 0 everything was saved, 2 saved with parts missing, 1 anything else. */
export function exitCodeOf(state: RunState): 0 | 1 | 2 {
  if (state === 'SUCCEEDED') return 0
  return state === 'PARTIAL' ? 2 : 1
}
