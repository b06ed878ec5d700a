import { ListChecks } from 'lucide-react'
import { isActive } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail, RepositoryTaskItem } from '#app/_data/repositories.ts'
import { useCancelTask } from '#app/_data/repository-changes.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { taskName } from '#app/_ui/format.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Took, When } from '#app/_ui/time.tsx'
import { Empty } from '#app/_ui/waiting.tsx'
import { TaskMark, TaskOutcome } from './task-outcome.tsx'

/** What was done with the repository, is being done, and waits for its turn. */
export function TaskPanel({ repository }: { repository: RepositoryDetail }) {
  const cancel = useCancelTask(repository.id)
  const refusal = problemIn(cancel.data, cancel.error)
  const mayChange = useMayChange()
  return (
    <Panel title="Tasks" flush>
      {refusal ? (
        <div data-tight className="p-4">
          <ProblemNotice problem={asProblem(refusal)} />
        </div>
      ) : null}
      {repository.tasks.length === 0 ? (
        <Empty Icon={ListChecks} title="Nothing was done with this repository yet">
          Besides saving into it. Upkeep runs by its schedule.
        </Empty>
      ) : (
        <ul>
          {repository.tasks.map((task) => (
            <Task
              key={task.id}
              task={task}
              isCancelling={cancel.isPending && cancel.variables === task.id}
              onCancel={mayChange ? () => cancel.mutate(task.id) : null}
            />
          ))}
        </ul>
      )}
    </Panel>
  )
}

interface TaskProps {
  task: RepositoryTaskItem
  isCancelling: boolean
  onCancel: (() => void) | null
}

function Task({ task, isCancelling, onCancel }: TaskProps) {
  const name = taskName(task)
  return (
    <li className="grid gap-1.5 border-b border-line px-4 py-3 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="font-medium">{name}</span>
        <TaskMark task={task} />
        {task.attempt > 1 ? <span className="text-small text-ink-soft">attempt {task.attempt}</span> : null}
        {isActive(task.state) && onCancel ? (
          <Button
            size="small"
            className="ms-auto"
            disabled={isCancelling}
            aria-label={`Cancel: ${name}`}
            onClick={onCancel}
          >
            {isCancelling ? 'Cancelling …' : 'Cancel'}
          </Button>
        ) : null}
      </div>
      <p className="text-small text-ink-soft">
        Asked for by {task.requestedBy ?? 'the schedule'}, <When at={task.queuedAt} />
        {task.startedAt ? (
          <>
            {task.finishedAt ? ', took ' : ', running for '}
            <Took from={task.startedAt} to={task.finishedAt} />
          </>
        ) : null}
      </p>
      {task.waitsFor ? <p className="text-small">Waits for: {task.waitsFor}</p> : null}
      <TaskOutcome task={task} />
      {task.error ? (
        <div data-tight className="max-w-3xl">
          <ProblemNotice problem={task.error} urgent={false} />
        </div>
      ) : null}
      {task.output ? (
        <details>
          <summary className="w-fit rounded-control py-0.5 text-small text-accent">What restic said</summary>
          <pre className="mt-1.5 max-h-72 overflow-auto rounded-control bg-well p-3 font-mono text-label whitespace-pre-wrap">
            {task.output}
          </pre>
        </details>
      ) : null}
    </li>
  )
}
