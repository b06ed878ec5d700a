import Link from 'next/link'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useCopyMissing } from '#app/_data/repository-changes.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { count } from '#app/_ui/format.ts'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'

/** Where second copies of its snapshots go and which are missing, and whose copies come here. */
export function CopiesPanel({ repository }: { repository: RepositoryDetail }) {
  const { copyTo, copyOf, missingCopies } = repository
  if (!copyTo && copyOf.length === 0 && missingCopies === 0) return null
  return (
    <Panel title="Second copy">
      {copyTo ? (
        <p>
          Each of its snapshots is copied to <RepositoryLink {...copyTo} />.{' '}
          {missingCopies === 0 ? (
            'All of them are there.'
          ) : (
            <span className="font-medium text-warn">
              {missingCopies === 1 ? 'One snapshot has' : `${count(missingCopies)} snapshots have`} no copy where it
              should be.
            </span>
          )}
        </p>
      ) : null}
      {!copyTo && missingCopies > 0 ? (
        <p className="font-medium text-warn">
          {missingCopies === 1 ? 'One snapshot has' : `${count(missingCopies)} snapshots have`} no copy where plans want
          one.
        </p>
      ) : null}
      {missingCopies > 0 ? <CopyMissing id={repository.id} /> : null}
      {copyOf.length > 0 ? (
        <p className={copyTo ? 'mt-3' : ''}>
          Copies come here from{' '}
          {copyOf.map((one, at) => (
            <span key={one.id}>
              {at > 0 ? ', ' : ''}
              <RepositoryLink {...one} />
            </span>
          ))}
          .
        </p>
      ) : null}
    </Panel>
  )
}

function RepositoryLink({ id, name }: { id: string; name: string }) {
  return (
    <Link href={`/repositories/${id}`} className="text-accent underline-offset-2 hover:underline">
      {name}
    </Link>
  )
}

function CopyMissing({ id }: { id: string }) {
  const copy = useCopyMissing(id)
  const mayChange = useMayChange()
  const refusal = problemIn(copy.data, copy.error)
  if (!mayChange) return null
  return (
    <>
      <Button className="mt-3" disabled={copy.isPending} onClick={() => copy.mutate()}>
        {copy.isPending ? 'Asking for them …' : 'Copy what is missing'}
      </Button>
      <div aria-live="polite" data-tight className="mt-3 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        {copy.data?.__typename === 'CopyMissingSuccess' ? (
          <Notice
            tone="info"
            title={
              copy.data.queued === 0
                ? 'All that are missing are on their way already.'
                : `${count(copy.data.queued)} copies were asked for.`
            }
          >
            {copy.data.left > 0 ? (
              <p>{count(copy.data.left)} more are missing: ask again when these are done.</p>
            ) : null}
          </Notice>
        ) : null}
      </div>
    </>
  )
}
