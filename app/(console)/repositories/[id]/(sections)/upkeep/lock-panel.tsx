import { LockOpen } from 'lucide-react'
import { useState } from 'react'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useRemoveLocks } from '#app/_data/repository-changes.ts'
import { type LockItem, useRepositoryLocks } from '#app/_data/repository-looks.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Empty, Skeleton } from '#app/_ui/waiting.tsx'
import { LockTable } from './lock-table.tsx'

/** The locks in the repository as they are now, and a careful way to remove those of dead programs. */
export function LockPanel({ repository }: { repository: RepositoryDetail }) {
  const look = useRepositoryLocks(repository.id)
  const problem = look.isFetching ? null : problemIn(look.data ?? undefined, look.error)
  const locks = look.data?.__typename === 'RepositoryLocksSuccess' ? look.data.locks : null
  return (
    <Panel
      flush
      title="Locks"
      aside={
        <Button
          size="small"
          look="quiet"
          className="-mx-2.5 -my-1"
          disabled={look.isFetching}
          onClick={() => void look.refetch()}
        >
          {look.isFetching ? 'Looking …' : 'Look again'}
        </Button>
      }
    >
      {problem ? (
        <div data-tight className="p-4">
          <ProblemNotice problem={asProblem(problem)} urgent={false} />
        </div>
      ) : locks === null ? (
        <Skeleton lines={2} />
      ) : locks.length === 0 ? (
        <Empty Icon={LockOpen} title="Nobody has it locked">
          restic locks a repository while it uses it.
        </Empty>
      ) : (
        <Locks repository={repository} locks={locks} />
      )}
    </Panel>
  )
}

function Locks({ repository, locks }: { repository: RepositoryDetail; locks: LockItem[] }) {
  const [chosen, setChosen] = useState<string[]>([])
  const mayChange = useMayChange()
  const remove = useRemoveLocks(repository.id)
  const refusal = problemIn(remove.data, remove.error)
  const seen = locks.map(({ id }) => id)
  const going = locks.filter(({ id }) => chosen.includes(id))
  const mayChoose = mayChange && locks.some(({ holder }) => holder !== 'OURS_ALIVE')
  return (
    <>
      <LockTable locks={locks} chosen={chosen} onChoose={mayChoose ? setChosen : null} />
      {mayChoose ? (
        <div className="border-t border-line p-4">
          <Confirm
            title={going.length === 1 ? 'Remove this lock?' : `Remove ${going.length} locks?`}
            keep="Leave them"
            go="Remove"
            typed={repository.name}
            onConfirm={() => remove.mutate({ remove: going.map(({ id }) => id), seen })}
            trigger={<Button disabled={going.length === 0 || remove.isPending}>Remove the chosen …</Button>}
          >
            <ul className="mb-2 list-disc ps-5">
              {going.map((lock) => (
                <li key={lock.id}>
                  {lock.user} on {lock.host}, process {lock.pid}
                </li>
              ))}
            </ul>
            <p>
              See that this program is dead, on that machine. If it still works, removing its lock can cost data: what
              it writes may be removed under its hands.
            </p>
          </Confirm>
          <p className="mt-2 text-small text-ink-soft">
            A living restic renews its lock every five minutes. One that is old was left by a program that died.
          </p>
        </div>
      ) : null}
      <div aria-live="polite" data-tight className="px-4 pb-4 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
    </>
  )
}
