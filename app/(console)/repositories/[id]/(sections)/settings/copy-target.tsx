import { useState } from 'react'
import { problemIn } from '#app/_data/problem.ts'
import { type RepositoryDetail, useRepositories } from '#app/_data/repositories.ts'
import { useSetCopyTarget } from '#app/_data/repository-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { Field, Select } from '#app/_ui/field.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'

/** Where a second copy of each snapshot goes. */
export function CopyTarget({ repository }: { repository: RepositoryDetail }) {
  const others = (useRepositories().data ?? []).filter(({ id }) => id !== repository.id)
  const [targetId, setTargetId] = useState(repository.copyTo?.id ?? '')
  const set = useSetCopyTarget(repository.id)
  const refusal = problemIn(set.data, set.error)
  const saved = set.data?.__typename === 'SetCopyTargetSuccess' ? set.data : null
  return (
    <Panel title="Second copy">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Copy each snapshot to"
          htmlFor="copy-target"
          hint="From the next backup on, and as soon as both repositories are free. One disk, server or provider may fail; two seldom do at once."
        >
          <Select
            id="copy-target"
            value={targetId}
            aria-describedby="copy-target-hint"
            onChange={(event) => {
              setTargetId(event.target.value)
              set.reset()
            }}
          >
            <option value="">No second copy</option>
            {others.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Button
        look="main"
        className="mt-4"
        disabled={set.isPending || targetId === (repository.copyTo?.id ?? '')}
        onClick={() => set.mutate(targetId || null)}
      >
        {set.isPending ? 'Looking at both …' : 'Save where copies go'}
      </Button>
      <div aria-live="polite" data-tight className="mt-4 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        {saved ? <Saved shares={saved.sharesPieces} to={saved.repository.copyTo?.name ?? null} /> : null}
      </div>
    </Panel>
  )
}

function Saved({ shares, to }: { shares: boolean | null; to: string | null }) {
  if (to === null) return <Notice tone="good" title="Nothing is copied any more. Copies so far stay where they are." />
  return (
    <Notice tone={shares === false ? 'warn' : 'good'} title={`Each new snapshot is copied to “${to}” from now on.`}>
      {shares === false ? (
        <p>
          The two cut data at different places, so copies share nothing with what else is saved there and need more
          space. A new repository that is made for copies of this one does better.
        </p>
      ) : null}
      <p>“Copy what is missing” on its overview copies what is there already.</p>
    </Notice>
  )
}
