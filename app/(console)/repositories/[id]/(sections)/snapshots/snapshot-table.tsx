import Link from 'next/link'
import { CopyText } from '#app/_ui/copy-text.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { bytes, runName } from '#app/_ui/format.ts'
import { Age, When } from '#app/_ui/time.tsx'
import type { SnapshotFieldsFragment } from '#graphql/documents/generated/graphql.ts'

export function SnapshotTable({ runs }: { runs: SnapshotFieldsFragment[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">Environment</th>
          <th scope="col">Saved</th>
          <th scope="col" className="figure">
            Size
          </th>
          <th scope="col" className="figure">
            Added to the repository
          </th>
          <th scope="col">Snapshot</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td className="lead">
              <Link
                href={`/backups/${run.backup.id}`}
                className="font-medium text-accent underline-offset-2 hover:underline"
              >
                {runName(run)}
              </Link>
            </td>
            <td data-label="Environment">
              <EnvironmentTag environment={run.source.environment} />
            </td>
            <td data-label="Saved">
              {run.finishedAt ? (
                <div>
                  <When at={run.finishedAt} />
                  <span className="block text-small text-ink-soft">
                    <Age at={run.finishedAt} />
                    {run.state === 'PARTIAL' ? ', partial' : ''}
                  </span>
                </div>
              ) : (
                '–'
              )}
            </td>
            <td data-label="Size" className="figure">
              {bytes(run.progress.bytesDone)}
            </td>
            <td data-label="Added" className="figure">
              {bytes(run.storedBytes)}
            </td>
            <td data-label="Snapshot">
              <CopyText text={run.snapshotId ?? ''} shown={(run.snapshotId ?? '').slice(0, 8)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
