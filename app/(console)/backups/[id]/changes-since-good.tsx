import Link from 'next/link'
import type { RunDetail } from '#app/_data/backup.ts'
import { When } from '#app/_ui/time.tsx'

const link = 'text-accent underline-offset-2 hover:underline'

/** Of a run that failed: what is not as it was when its source was last saved. */
export function ChangesSinceGood({ found }: { found: NonNullable<RunDetail['changesSinceGood']> }) {
  const { goodAt, goodBackupId, firstFailureAt, firstFailureBackupId, changes } = found
  return (
    <section aria-label="What changed since the last good run" className="mb-4 text-small">
      <h3 className="font-semibold">What changed since the last good run</h3>
      <p className="mt-0.5 text-ink-soft">
        It was saved{' '}
        <Link href={`/backups/${goodBackupId}`} className={link}>
          {goodAt ? <When at={goodAt} /> : 'before'}
        </Link>
        , and first failed{' '}
        <Link href={`/backups/${firstFailureBackupId}`} className={link}>
          {firstFailureAt ? <When at={firstFailureAt} /> : 'then'}
        </Link>
        .
      </p>
      {changes.length === 0 ? (
        <p className="mt-1">Nothing that is known here: look at the server and the network.</p>
      ) : (
        <ul className="mt-1 grid list-disc gap-1 ps-5">
          {changes.map((change) => (
            <li key={`${change.what} ${change.at}`}>
              {change.what}
              {change.by && change.at ? (
                <>
                  {' '}
                  by {change.by}, <When at={change.at} />
                </>
              ) : null}
              {change.now === null ? null : (
                <>
                  : <span className="break-words">{change.now}</span>
                  {change.before === null ? null : <span className="text-ink-soft">, before {change.before}</span>}
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
