import { useState } from 'react'
import { isActive } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useStartTask } from '#app/_data/repository-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { Select } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import type { TaskKind } from '#graphql/documents/generated/graphql.ts'

const startable: { kind: TaskKind; word: string; what: string }[] = [
  {
    kind: 'CHECK',
    word: 'Check now',
    what: 'Looks whether the repository is whole. Backups wait meanwhile.',
  },
  {
    kind: 'PRUNE',
    word: 'Prune now',
    what: 'Removes the data that no snapshot needs any more. Backups wait meanwhile.',
  },
]

/** What can be asked for at any time. */
export function StartTasks({ repository }: { repository: RepositoryDetail }) {
  const [readData, setReadData] = useState('share')
  const start = useStartTask(repository.id)
  const refusal = problemIn(start.data, start.error)
  const active = new Set(repository.tasks.filter((task) => isActive(task.state)).map((task) => task.kind))
  return (
    <Panel title="Do now">
      <ul className="grid gap-3.5">
        {startable.map(({ kind, word, what }) => (
          <li key={kind} className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
            <Button
              className="w-32"
              disabled={start.isPending || active.has(kind)}
              aria-describedby={`about-${kind}`}
              onClick={() => start.mutate(kind === 'CHECK' ? { kind, options: { readData } } : { kind })}
            >
              {word}
            </Button>
            {kind === 'CHECK' ? <ReadData value={readData} onChange={setReadData} /> : null}
            <span id={`about-${kind}`} className="min-w-0 flex-1 basis-64 text-small text-ink-soft">
              {what}
            </span>
          </li>
        ))}
      </ul>
      <div aria-live="polite" data-tight className="mt-4 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
    </Panel>
  )
}

function ReadData({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Select
      aria-label="Data that the check reads"
      className="max-w-80"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="share">Structure and next share of the data</option>
      <option value="all">Structure and all data, which takes longest</option>
      <option value="none">Structure alone</option>
    </Select>
  )
}
