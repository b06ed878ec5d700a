import { Pin } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import type { RunDetail } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import { usePin } from '#app/_data/retention.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { Field, Input } from '#app/_ui/field.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { When } from '#app/_ui/time.tsx'

/** Whether a run's snapshot stays: pinned, let go by retention, or gone; and what can be done about it. */
export function SnapshotKeeping({ run, backupId }: { run: RunDetail; backupId: string }) {
  const mayChange = useMayChange()
  const { unpin } = usePin(backupId)
  const [isPinning, setPinning] = useState(false)
  if (run.snapshotId === null) return null
  if (run.removedAt)
    return (
      <p className="mt-4 text-small text-ink-soft">
        Its snapshot was removed <When at={run.removedAt} />: no rule kept it any more.
      </p>
    )
  return (
    <div className="mt-4 grid gap-3" data-tight>
      {run.expiredAt ? (
        <Notice
          tone="warn"
          title="No rule keeps its snapshot any more: the next prune of its repository removes it."
          action={mayChange && !isPinning ? <Button onClick={() => setPinning(true)}>Take it back …</Button> : null}
        />
      ) : null}
      {run.pin ? (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-2 text-small">
          <span className="inline-flex items-center gap-1.5">
            <Pin aria-hidden className="size-4" />
            Pinned by {run.pin.by}: {run.pin.reason}
            {run.pin.until ? (
              <span>
                , until <When at={run.pin.until} />
              </span>
            ) : null}
          </span>
          {mayChange ? (
            <Button size="small" disabled={unpin.isPending} onClick={() => unpin.mutate(run.id)}>
              Unpin
            </Button>
          ) : null}
        </p>
      ) : null}
      {mayChange && !run.pin && !run.expiredAt && !isPinning ? (
        <Button size="small" className="justify-self-start" onClick={() => setPinning(true)}>
          <Pin aria-hidden className="size-4" /> Pin its snapshot …
        </Button>
      ) : null}
      {isPinning ? <PinForm runId={run.id} backupId={backupId} onDone={() => setPinning(false)} /> : null}
    </div>
  )
}

function PinForm({ runId, backupId, onDone }: { runId: string; backupId: string; onDone: () => void }) {
  const id = useId()
  const { pin } = usePin(backupId)
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const refusal = problemIn(pin.data, pin.error)
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const end = until === '' ? {} : { until: new Date(until).toISOString() }
    const answer = await pin.mutateAsync({ runId, reason, ...end }).catch(() => undefined) // shown below
    if (answer && answer.__typename !== 'Problem') onDone()
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="grid max-w-xl gap-3 sm:grid-cols-2">
      <Field label="Why it must stay" htmlFor={`${id}-reason`}>
        <Input
          id={`${id}-reason`}
          aria-required
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Field>
      <Field label="Until" htmlFor={`${id}-until`} hint="Empty: until it is unpinned.">
        <Input
          id={`${id}-until`}
          type="datetime-local"
          aria-describedby={`${id}-until-hint`}
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </Field>
      <div className="flex flex-wrap gap-2 sm:col-span-2">
        <Button type="submit" look="main" disabled={pin.isPending}>
          Keep it
        </Button>
        <Button onClick={onDone}>Leave it</Button>
      </div>
      {refusal ? (
        <div className="sm:col-span-2">
          <ProblemNotice problem={asProblem(refusal)} />
        </div>
      ) : null}
    </form>
  )
}
