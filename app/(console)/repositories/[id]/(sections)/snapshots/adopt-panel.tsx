import Link from 'next/link'
import { problemIn } from '#app/_data/problem.ts'
import { useAdoptRepository } from '#app/_data/repository-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { count } from '#app/_ui/format.ts'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'

/** For a repository that holds more than this installation knows of. */
export function AdoptPanel({ id }: { id: string }) {
  const adopt = useAdoptRepository(id)
  const refusal = problemIn(adopt.data, adopt.error)
  const adopted = adopt.data?.__typename === 'AdoptRepositorySuccess' ? adopt.data : null
  return (
    <Panel title="Snapshots that are not listed">
      <p className="max-w-[72ch]">
        A repository that was connected may hold snapshots of an installation before this one, or of others. They can be
        taken into the history; nothing in the repository is changed. Their sources come back disabled, until somebody
        enters their settings.
      </p>
      <Button className="mt-3" disabled={adopt.isPending} onClick={() => adopt.mutate()}>
        {adopt.isPending ? 'Reading what is there …' : 'Take what is there into the history'}
      </Button>
      <div aria-live="polite" data-tight className="mt-4 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        {adopted ? (
          <Notice
            tone="good"
            title={
              adopted.runs === 0
                ? `All ${count(adopted.snapshots)} snapshots that are there were known already.`
                : `${count(adopted.runs)} of ${count(adopted.snapshots)} snapshots are new in the history.`
            }
          >
            {adopted.sources > 0 ? (
              <p>
                <Link href="/sources" className="text-accent underline underline-offset-2">
                  {adopted.sources === 1 ? 'One source' : `${count(adopted.sources)} sources`}
                </Link>{' '}
                {adopted.sources === 1
                  ? 'came back and waits for its settings.'
                  : 'came back and wait for their settings.'}
              </p>
            ) : null}
          </Notice>
        ) : null}
      </div>
    </Panel>
  )
}
