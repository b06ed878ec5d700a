import { ArchiveRestore, FolderOpen } from 'lucide-react'
import { useState } from 'react'
import type { RunDetail } from '#app/_data/backup.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { RestoreForm } from './restore-form.tsx'

/** What can be done with what a run saved: look into it, and restore it. */
export function SnapshotContent({ run, backupId }: { run: RunDetail; backupId: string }) {
  const mayChange = useMayChange()
  const [isRestoring, setRestoring] = useState(false)
  if (!mayChange || run.snapshotId === null || run.removedAt !== null) return null
  return (
    <div className="mt-4 grid gap-3" data-tight>
      <div className="flex flex-wrap gap-2">
        <ButtonLink href={`/backups/${backupId}/snapshot/${run.id}`} size="small">
          <FolderOpen aria-hidden className="size-4" /> Look into its snapshot
        </ButtonLink>
        {isRestoring ? null : (
          <Button size="small" onClick={() => setRestoring(true)}>
            <ArchiveRestore aria-hidden className="size-4" /> Restore …
          </Button>
        )}
      </div>
      {isRestoring ? <RestoreForm run={run} onDone={() => setRestoring(false)} /> : null}
    </div>
  )
}
