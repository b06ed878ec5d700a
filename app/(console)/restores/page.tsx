'use client'

import { ArchiveRestore, Search } from 'lucide-react'
import Link from 'next/link'
import { useSearchParams } from 'next/navigation'
import { Suspense } from 'react'
import { type RestoreItem, useRestores } from '#app/_data/restores.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { ButtonLink } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { bytes, runName } from '#app/_ui/format.ts'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered, Empty, Skeleton } from '#app/_ui/waiting.tsx'

export default function RestoresPage() {
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      <Restores />
    </Suspense>
  )
}

function Restores() {
  const batchId = useSearchParams().get('batch')
  const restores = useRestores(batchId)
  return (
    <>
      <title>Restores · System Backup Trigger</title>
      {batchId === null ? null : <BackLink href="/restores">All restores</BackLink>}
      <PageHead
        title={batchId === null ? 'Restores' : 'Restore of a whole backup'}
        intro={
          batchId === null
            ? 'Snapshots that are brought, or were brought, into a folder or a database.'
            : 'One after the other, in this order.'
        }
        actions={
          <ButtonLink href="/restores/find">
            <Search aria-hidden className="size-4" /> Find a file
          </ButtonLink>
        }
      />
      <Answered answer={restores} lines={6}>
        {(all) => (
          <Panel flush>
            {all.length === 0 ? (
              <Empty Icon={ArchiveRestore} title="Nothing was restored yet">
                <p className="mb-4">Open a backup and choose “Restore” at one of its runs.</p>
                <ButtonLink href="/backups">To the backups</ButtonLink>
              </Empty>
            ) : (
              <Table restores={all} />
            )}
          </Panel>
        )}
      </Answered>
    </>
  )
}

function Table({ restores }: { restores: RestoreItem[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Asked for</th>
          <th scope="col">What</th>
          <th scope="col">Into</th>
          <th scope="col">State</th>
          <th scope="col">Restored</th>
        </tr>
      </thead>
      <tbody>
        {restores.map((restore) => (
          <tr key={restore.id}>
            <td className="lead">
              <Link href={`/restores/${restore.id}`} className="text-accent underline-offset-2 hover:underline">
                <When at={restore.queuedAt} />
              </Link>
            </td>
            <td data-label="What">
              <div>
                {runName(restore.run)}
                <span className="block text-small text-ink-soft">
                  <EnvironmentTag environment={restore.run.source.environment} />
                </span>
              </div>
            </td>
            <td data-label="Into">
              <span className="font-mono text-small">{restore.into}</span>
            </td>
            <td data-label="State">
              <StateMark state={restore.state} />
              {restore.dryRun ? <span className="block text-small text-ink-soft">dry run</span> : null}
            </td>
            <td data-label="Restored">{bytes(restore.bytesDone)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
