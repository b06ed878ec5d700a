import Link from 'next/link'
import { bytes, originNames, runName, typeNames } from '#app/_ui/format.ts'
import { StateMark } from '#app/_ui/state.tsx'
import { Took, When } from '#app/_ui/time.tsx'
import type { BackupsQuery } from '#graphql/documents/generated/graphql.ts'

type Backup = BackupsQuery['backups']['edges'][number]['node']

export function BackupTable({ backups }: { backups: Backup[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Backup</th>
          <th scope="col">State</th>
          <th scope="col">Environment</th>
          <th scope="col">Triggered</th>
          <th scope="col">By</th>
          <th scope="col" className="figure">
            Took
          </th>
          <th scope="col" className="figure">
            Read
          </th>
          <th scope="col" className="figure">
            New data
          </th>
        </tr>
      </thead>
      <tbody>
        {backups.map((backup) => (
          <tr key={backup.id}>
            <td className="lead">
              <div>
                <Link
                  href={`/backups/${backup.id}`}
                  className="font-medium text-accent underline-offset-2 hover:underline"
                >
                  {backup.description || scope(backup)}
                </Link>
                {backup.description ? (
                  <span className="block text-small font-normal text-ink-soft">{scope(backup)}</span>
                ) : null}
              </div>
            </td>
            <td data-label="State">
              <div>
                <StateMark state={backup.state} />
                <WaitsFor runs={backup.runs} />
              </div>
            </td>
            <td data-label="Environment">{backup.environments.join(', ')}</td>
            <td data-label="Triggered" className="lg:whitespace-nowrap">
              <When at={backup.createdAt} />
            </td>
            <td data-label="By">
              <div>
                {backup.requestedBy ?? originNames[backup.origin]}
                {backup.requestedBy ? (
                  <span className="block text-small text-ink-soft">{originNames[backup.origin]}</span>
                ) : null}
              </div>
            </td>
            <td data-label="Took" className="figure">
              <span>
                <Took from={backup.startedAt} to={backup.finishedAt} />
              </span>
            </td>
            <td data-label="Read" className="figure">
              {bytes(total(backup.runs.map((run) => run.progress.bytesDone)))}
            </td>
            <td data-label="New data" className="figure">
              {bytes(total(backup.runs.map((run) => run.addedBytes)))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What its queued runs wait for, each reason once. */
function WaitsFor({ runs }: { runs: Backup['runs'] }) {
  const reasons = [...new Set(runs.map((run) => run.waitsFor).filter((reason) => reason !== null))]
  if (reasons.length === 0) return null
  return <span className="block text-small text-ink-soft">waits for {reasons.join('; ')}</span>
}

/** What the backup covers, in a few words: “Database: orders, customers and 3 more”. */
function scope({ type, runs }: Backup): string {
  const names = namesOf(runs)
  const more = names.length > 3 ? ` and ${names.length - 2} more` : ''
  const shown = more ? names.slice(0, 2) : names
  return names.length === 0 ? typeNames[type] : `${typeNames[type]}: ${shown.join(', ')}${more}`
}

/** The sum of what is known; null when nothing is. */
function total(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

/** Each source once, with its part or the number of its parts. */
function namesOf(runs: Backup['runs']): string[] {
  const bySource = Map.groupBy(runs, (run) => run.source.id)
  return [...bySource.values()].flatMap((of) => {
    const parts = [...new Set(of.map((run) => run.partName).filter((part) => part !== null))]
    const [first] = of
    if (first === undefined) return []
    return parts.length > 1 ? `${first.source.name} (${parts.length} parts)` : runName(first)
  })
}
