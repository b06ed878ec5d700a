import { Play } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { type PlanDetail, useDeletePlan, usePausePlan, useResumePlan, useRunPlan } from '#app/_data/plans.ts'
import { problemIn } from '#app/_data/problem.ts'
import { parseTags } from '#app/_data/tags.ts'
import { useMayChange, useViewer } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { Field, Input } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'

/** Running a plan now, pausing and resuming it, and deleting it. */
export function PlanActions({ plan }: { plan: PlanDetail }) {
  const router = useRouter()
  const mayChange = useMayChange()
  const mayTrigger = useViewer().data?.role !== 'VIEWER'
  const run = useRunPlan()
  const resume = useResumePlan()
  const remove = useDeletePlan()
  const [isPausing, setPausing] = useState(false)
  const [confirmed, setConfirmed] = useState('')
  const isToConfirm = confirmed !== '' || problemIn(remove.data, remove.error)?.code === 'ENVIRONMENT_NOT_CONFIRMED'
  const refusal = [run, resume, remove].map(({ data, error }) => problemIn(data, error)).find((one) => one !== null)
  const isBusy = run.isPending || resume.isPending || remove.isPending

  async function runIt(): Promise<void> {
    const answer = await run.mutateAsync(plan.id).catch(() => undefined) // shown below
    if (answer?.__typename === 'RunPlanSuccess') router.push(`/backups/${answer.backup.id}`)
  }
  async function deleteIt(): Promise<void> {
    const answer = await remove
      .mutateAsync({ id: plan.id, confirmEnvironment: parseTags(confirmed) })
      .catch(() => undefined) // shown below
    if (answer?.__typename === 'DeletePlanSuccess') router.push('/plans')
  }

  return (
    <div className="grid justify-items-end gap-2">
      <div className="flex flex-wrap gap-2">
        {mayTrigger ? (
          <Button look="main" disabled={isBusy} onClick={() => void runIt()}>
            <Play aria-hidden className="size-4" /> Run now
          </Button>
        ) : null}
        {mayChange && plan.isPaused ? (
          <Button disabled={isBusy} onClick={() => resume.mutate(plan.id)}>
            Resume
          </Button>
        ) : null}
        {mayChange && !plan.isPaused ? (
          <Button aria-expanded={isPausing} disabled={isBusy} onClick={() => setPausing(!isPausing)}>
            Pause …
          </Button>
        ) : null}
        {mayChange ? (
          <Confirm
            title={`Delete “${plan.name}”?`}
            keep="Keep it"
            go="Delete it"
            onConfirm={() => void deleteIt()}
            trigger={<Button disabled={isBusy}>Delete …</Button>}
          >
            <p>
              Its sources are no longer backed up by it. Its backups so far stay in the history, and are kept as those
              without a plan are.
            </p>
            {isToConfirm ? (
              <Field
                label="Names of the protected environments"
                htmlFor="confirm-delete"
                hint="What is kept of their backups changes: type their names, with commas between."
              >
                <Input
                  id="confirm-delete"
                  autoComplete="off"
                  aria-describedby="confirm-delete-hint"
                  value={confirmed}
                  onChange={(event) => setConfirmed(event.target.value)}
                />
              </Field>
            ) : null}
          </Confirm>
        ) : null}
      </div>
      {isPausing ? <Pause id={plan.id} onDone={() => setPausing(false)} /> : null}
      <div aria-live="polite" className="empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
    </div>
  )
}

function Pause({ id, onDone }: { id: string; onDone: () => void }) {
  const pause = usePausePlan()
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const refusal = problemIn(pause.data, pause.error)
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const end = until === '' ? {} : { until: new Date(until).toISOString() }
    const answer = await pause.mutateAsync({ id, reason, ...end }).catch(() => undefined) // shown below
    if (answer && answer.__typename !== 'Problem') onDone()
  }
  return (
    <form onSubmit={(event) => void submit(event)} data-tight className="grid w-72 max-w-full gap-3 text-left">
      <Field label="Why" htmlFor="pause-reason">
        <Input
          id="pause-reason"
          aria-required
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Field>
      <Field label="Until, in your time" htmlFor="pause-until" hint="Empty: until somebody resumes it.">
        <Input
          id="pause-until"
          type="datetime-local"
          aria-describedby="pause-until-hint"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </Field>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      <Button type="submit" look="main" disabled={pause.isPending}>
        Pause it
      </Button>
    </form>
  )
}
