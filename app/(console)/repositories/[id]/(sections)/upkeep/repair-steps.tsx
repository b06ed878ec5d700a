import { CircleCheck, CircleDashed, CircleDot } from 'lucide-react'
import { isActive } from '#app/_data/backup.ts'
import { useTriggerBackup } from '#app/_data/backups.ts'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useStartTask } from '#app/_data/repository-changes.ts'
import type { RepairStep } from '#app/_data/repository-looks.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { randomKey } from '#app/_ui/random-key.ts'

interface Props {
  repository: RepositoryDetail
  steps: RepairStep[]
}

/** Each step with what it is for. Only the next one can be taken: it decides whether the later ones are needed. */
export function RepairSteps({ repository, steps }: Props) {
  return (
    <ol className="grid gap-4">
      {steps.map((step) => {
        const [Icon, tone, word] = step.isDone
          ? [CircleCheck, 'text-good', 'Done']
          : step.isNext
            ? [CircleDot, 'text-accent', 'Next']
            : [CircleDashed, 'text-idle', step.kind === 'CHECK' ? 'At the end' : 'Later, if it is still needed']
        return (
          <li key={step.kind} className="flex gap-3">
            <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${tone}`} />
            <div className="min-w-0 max-w-[72ch]">
              <p className="font-medium">
                {step.title} <span className={`ms-1 text-small ${tone}`}>{word}</span>
              </p>
              <p className="text-small text-ink-soft">{step.why}</p>
              {step.sources.length > 0 ? (
                <p className="text-small">{step.sources.map(({ name }) => name).join(', ')}</p>
              ) : null}
              {step.isNext ? <NextStep repository={repository} step={step} /> : null}
            </div>
          </li>
        )
      })}
    </ol>
  )
}

const takesAway: readonly string[] = ['REPAIR_KEYS', 'REPAIR_PACKS', 'REPAIR_SNAPSHOTS']

function NextStep({ repository, step }: { repository: RepositoryDetail; step: RepairStep }) {
  const mayChange = useMayChange()
  const start = useStartTask(repository.id)
  const backup = useTriggerBackup()
  const refusal = problemIn(start.data, start.error) ?? problemIn(backup.data, backup.error)
  const isRunning = repository.tasks.some((task) => task.kind === step.kind && isActive(task.state))
  const isBusy = isRunning || start.isPending || backup.isPending
  function take(): void {
    if (step.kind !== 'BACKUP') {
      start.mutate({ kind: step.kind, options: step.options as Record<string, unknown> })
      return
    }
    const sourceIds = step.sources.map(({ id }) => id)
    const description = `After the repair of ${repository.name}`
    backup.mutate({ type: 'FULL', sourceIds, description, idempotencyKey: randomKey() })
  }
  if (!mayChange) return <p className="mt-1 text-small">Ask an administrator to take this step.</p>
  return (
    <div className="mt-2">
      {takesAway.includes(step.kind) ? (
        <Confirm
          title={`${step.title}?`}
          keep="Not now"
          go={step.title}
          onConfirm={take}
          trigger={<Button disabled={isBusy}>{isRunning ? 'Under way …' : `${step.title} …`}</Button>}
        >
          <p>{step.why} What is taken away cannot be brought back from this repository.</p>
        </Confirm>
      ) : (
        <Button disabled={isBusy} onClick={take}>
          {isRunning ? 'Under way …' : step.title}
        </Button>
      )}
      <div aria-live="polite" data-tight className="mt-3 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        {backup.data?.__typename === 'TriggerBackupSuccess' ? (
          <Notice tone="info" title="The backup was triggered. This step is done when it has succeeded." />
        ) : null}
      </div>
    </div>
  )
}
