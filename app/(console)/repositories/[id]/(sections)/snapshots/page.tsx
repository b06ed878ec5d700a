'use client'

import { Camera } from 'lucide-react'
import { useState } from 'react'
import { useRepositorySnapshots } from '#app/_data/repositories.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { count } from '#app/_ui/format.ts'
import { Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { useShownRepository } from '../shown.ts'
import { AdoptPanel } from './adopt-panel.tsx'
import { SnapshotTable } from './snapshot-table.tsx'

const PAGE = 25

export default function SnapshotsPage() {
  const repository = useShownRepository()
  const mayChange = useMayChange()
  if (!repository) return null
  return (
    <>
      <Snapshots id={repository.id} />
      {mayChange ? <AdoptPanel id={repository.id} /> : null}
    </>
  )
}

function Snapshots({ id }: { id: string }) {
  const [page, setPage] = useState<{ after?: string; before?: string }>({})
  const size = page.before ? { last: PAGE } : { first: PAGE }
  const snapshots = useRepositorySnapshots({ id, ...size, ...page })
  return (
    <Panel
      flush
      title="Saved here"
      aside={
        snapshots.data ? (
          <span className="text-small text-ink-soft">{count(snapshots.data.totalCount)} in all</span>
        ) : null
      }
    >
      <Answered answer={snapshots} lines={6}>
        {(found) =>
          found === null || found.totalCount === 0 ? (
            <Empty Icon={Camera} title="Nothing was saved here yet">
              A snapshot appears when a backup of a source that is saved here has succeeded.
            </Empty>
          ) : (
            <>
              <SnapshotTable runs={found.edges.map(({ node }) => node)} />
              {found.pageInfo.hasNextPage || found.pageInfo.hasPreviousPage ? (
                <div className="flex gap-2 border-t border-line px-4 py-2.5">
                  <Button
                    size="small"
                    disabled={!found.pageInfo.hasPreviousPage}
                    onClick={() => setPage({ before: found.pageInfo.startCursor ?? '' })}
                  >
                    Newer
                  </Button>
                  <Button
                    size="small"
                    disabled={!found.pageInfo.hasNextPage}
                    onClick={() => setPage({ after: found.pageInfo.endCursor ?? '' })}
                  >
                    Older
                  </Button>
                </div>
              ) : null}
            </>
          )
        }
      </Answered>
    </Panel>
  )
}
