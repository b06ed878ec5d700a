import Link from 'next/link'
import type { Damage } from '#app/_data/repository-looks.ts'
import { When } from '#app/_ui/time.tsx'

/** The snapshots that cannot be restored in full, or not before the repair. */
export function TouchedSnapshots({ damage: { snapshots, snapshotsInFull } }: { damage: Damage }) {
  if (snapshots.length === 0)
    return (
      <p>
        {snapshotsInFull
          ? 'No snapshot that is known of refers to what is damaged.'
          : 'It is not known which snapshots.'}
      </p>
    )
  return (
    <>
      <p>
        {snapshots.length === 1 ? 'This snapshot' : `These ${snapshots.length} snapshots`} cannot be restored in full,
        or not before the repair{snapshotsInFull ? '.' : '; there may be more.'}
      </p>
      <ul className="mt-2 grid max-h-72 gap-1 overflow-y-auto">
        {snapshots.map(({ snapshotId, name, run }) => (
          <li key={snapshotId} className="flex flex-wrap gap-x-3">
            {run ? (
              <Link href={`/backups/${run.backup.id}`} className="text-accent underline-offset-2 hover:underline">
                {name}
              </Link>
            ) : (
              name
            )}
            <span className="text-small text-ink-soft">
              {run?.finishedAt ? <When at={run.finishedAt} /> : null}{' '}
              <span className="font-mono">{snapshotId.slice(0, 8)}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
