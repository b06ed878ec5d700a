import type { BackupDetail, RunDetail } from '#app/_data/backup.ts'
import { bytes, runName } from '#app/_ui/format.ts'
import { Panel } from '#app/_ui/panel.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { Took } from '#app/_ui/time.tsx'
import type { LeftOutReason } from '#graphql/documents/generated/graphql.ts'

const reasons: Record<LeftOutReason, string> = {
  DISABLED: 'disabled',
  OTHER_TYPE: 'of another type',
  OTHER_DATABASE_OR_FOLDER: 'not the database or folder that was asked for',
  IN_ANOTHER_BACKUP: 'saved by another backup at the same time',
}

/** How each part of a backup stands, in the order in which they are saved, by its newest attempt; and what is no part of it. */
export function RunSummary({ backup: { runs, leftOut } }: { backup: BackupDetail }) {
  const newest = runs.filter((run) => !runs.some((later) => isLater(later, run)))
  if (newest.length < 2 && leftOut.length === 0) return null
  return (
    <Panel title="Summary" flush>
      <table className="grid-table">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">State</th>
            <th scope="col">Read</th>
            <th scope="col">New data</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {newest.map((run) => (
            <tr key={run.id}>
              <td className="lead">
                <a href={`#run-${run.id}`} className="underline-offset-2 hover:underline">
                  {run.source.environment.name}: {runName(run)}
                </a>
              </td>
              <td data-label="State">
                <StateMark state={run.state} />
              </td>
              <td data-label="Read">{bytes(run.progress.bytesDone)}</td>
              <td data-label="New data">{bytes(run.addedBytes)}</td>
              <td data-label="Took">{run.startedAt ? <Took from={run.startedAt} to={run.finishedAt} /> : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {leftOut.length > 0 ? (
        <p className="px-5 py-3 text-small text-ink-soft">
          Left out: {leftOut.map((one) => `${one.environment}: ${one.name} (${reasons[one.reason]})`).join(', ')}.
        </p>
      ) : null}
    </Panel>
  )
}

const isLater = (later: RunDetail, run: RunDetail): boolean =>
  later.source.id === run.source.id && later.attempt > run.attempt && (later.partName === run.partName || !run.partName)
