import Link from 'next/link'
import { useReleaseRetention, useRetentionHolds } from '#app/_data/retention.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { Notice } from '#app/_ui/notice.tsx'

/** Backups that look wrong, and the way to say that they do not. */
export function RetentionHolds() {
  const holds = useRetentionHolds()
  const release = useReleaseRetention()
  const mayChange = useMayChange()
  return (holds.data ?? []).map((hold) => (
    <Notice
      key={hold.id}
      tone="warn"
      title={`The newest backup of ${hold.name} looks wrong: ${hold.reason}.`}
      action={
        mayChange ? (
          <Button disabled={release.isPending} onClick={() => release.mutate(hold.id)}>
            It is right: go on
          </Button>
        ) : null
      }
    >
      None of its older snapshots is removed until somebody has{' '}
      <Link href={`/backups/${hold.run.backup.id}`} className="text-accent underline underline-offset-2">
        looked at it
      </Link>
      .
    </Notice>
  ))
}
