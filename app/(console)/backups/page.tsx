'use client'

import { Archive, ChevronLeft, ChevronRight, Play } from 'lucide-react'
import { useRouter, useSearchParams } from 'next/navigation'
import { Suspense } from 'react'
import { useBackups } from '#app/_data/backups.ts'
import { useMayTrigger } from '#app/_data/viewer.ts'
import { BackupTable } from '#app/_ui/backup-table.tsx'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { count } from '#app/_ui/format.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty, Skeleton } from '#app/_ui/waiting.tsx'
import { FilterBar } from './filter-bar.tsx'
import { filterNames, toVariables, withPage } from './filters.ts'

export default function BackupsPage() {
  const mayTrigger = useMayTrigger()
  return (
    <>
      <title>Backups · System Backup Trigger</title>
      <PageHead
        title="Backups"
        intro="Every backup that was triggered, newest first."
        actions={
          <>
            <ButtonLink href="/backups/logs">Search the logs</ButtonLink>
            {mayTrigger ? (
              <ButtonLink href="/backups/new" look="main">
                <Play aria-hidden className="size-4" />
                Back up now
              </ButtonLink>
            ) : null}
          </>
        }
      />
      <Suspense fallback={<Skeleton lines={8} />}>
        <History />
      </Suspense>
    </>
  )
}

function History() {
  const address = useSearchParams()
  const router = useRouter()
  const backups = useBackups(toVariables(address))
  const filtered = filterNames.some((name) => address.has(name))
  return (
    <>
      <FilterBar />
      {backups.data && backups.error ? <ProblemNotice problem={asProblem(backups.error)} urgent={false} /> : null}
      <Panel flush>
        <Answered answer={backups} lines={8}>
          {(page) => (
            <div aria-busy={backups.isPlaceholderData} className={backups.isPlaceholderData ? 'opacity-60' : ''}>
              {page.edges.length === 0 ? (
                <Nothing filtered={filtered} />
              ) : (
                <BackupTable backups={page.edges.map((edge) => edge.node)} />
              )}
              <div className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-2.5">
                <p role="status" className="me-auto text-small text-ink-soft">
                  {howMany(page.totalCount ?? 0)}
                </p>
                <Button
                  size="small"
                  disabled={!page.pageInfo.hasPreviousPage}
                  onClick={() => router.push(withPage(address, 'before', page.pageInfo.startCursor ?? ''))}
                >
                  <ChevronLeft aria-hidden className="size-4" />
                  Newer
                </Button>
                <Button
                  size="small"
                  disabled={!page.pageInfo.hasNextPage}
                  onClick={() => router.push(withPage(address, 'after', page.pageInfo.endCursor ?? ''))}
                >
                  Older
                  <ChevronRight aria-hidden className="size-4" />
                </Button>
              </div>
            </div>
          )}
        </Answered>
      </Panel>
    </>
  )
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty Icon={Archive} title="No backup fits these filters">
      Clear some of them to see more.
    </Empty>
  ) : (
    <Empty Icon={Archive} title="Nothing has been backed up yet">
      Choose “Back up now” to make the first backup.
    </Empty>
  )
}

/** The server counts one more than this and no further. */
const MOST_COUNTED = 10_000

function howMany(total: number): string {
  if (total > MOST_COUNTED) return `more than ${count(MOST_COUNTED)} backups`
  return total === 1 ? '1 backup' : `${count(total)} backups`
}
