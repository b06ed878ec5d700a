import { ShieldCheck } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { isActive, type RunDetail } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useTriggerVerification } from '#app/_data/verifications.ts'
import { useMayTrigger } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { VerificationMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'

/** Whether a run's snapshot was restored and found right, and the way to find out. */
export function SnapshotVerification({ run }: { run: RunDetail }) {
  const router = useRouter()
  const mayTrigger = useMayTrigger()
  const trigger = useTriggerVerification()
  const { lastVerification: last } = run
  const isThere = run.snapshotId !== null && run.removedAt === null
  if (!isThere && last === null) return null
  const refusal = problemIn(trigger.data, trigger.error)
  function verify(): void {
    trigger.mutate(run.id, {
      onSuccess: (answer) => {
        if (answer.__typename === 'TriggerVerificationSuccess') router.push(`/verifications/${answer.verification.id}`)
      },
    })
  }
  return (
    <div className="mt-4 grid gap-3" data-tight>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-small">
        {last ? (
          <Link
            href={`/verifications/${last.id}`}
            className="inline-flex flex-wrap items-center gap-x-2 underline-offset-2 hover:underline"
          >
            <VerificationMark state={last.state} result={last.result} />
            <When at={last.finishedAt ?? last.queuedAt} />
          </Link>
        ) : (
          <span className="text-ink-soft">Not verified: nobody has tried to restore it yet.</span>
        )}
        {mayTrigger && isThere && !(last && isActive(last.state)) ? (
          <Button size="small" disabled={trigger.isPending} onClick={verify}>
            <ShieldCheck aria-hidden className="size-4" /> {last ? 'Verify again' : 'Verify'}
          </Button>
        ) : null}
      </div>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </div>
  )
}
