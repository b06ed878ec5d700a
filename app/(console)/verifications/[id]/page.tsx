'use client'

import { CircleCheck, CircleX, ShieldCheck } from 'lucide-react'
import Link from 'next/link'
import { useParams } from 'next/navigation'
import { isActive } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import {
  useCancelVerification,
  useVerification,
  useVerifications,
  type VerificationDetail,
} from '#app/_data/verifications.ts'
import { useMayTrigger } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Cancel } from '#app/_ui/cancel.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { bytes, count, duration, runName } from '#app/_ui/format.ts'
import { GrowthChart } from '#app/_ui/growth-chart.tsx'
import { LogView } from '#app/_ui/log-view.tsx'
import { ProblemNotice } from '#app/_ui/notice.tsx'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { ProgressBar, ProgressFigures } from '#app/_ui/progress.tsx'
import { VerificationMark } from '#app/_ui/state.tsx'
import { Took, When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { Evidence } from './evidence.tsx'

export default function VerificationPage() {
  const { id } = useParams<{ id: string }>()
  const answer = useVerification(id)
  return (
    <>
      <div className="print:hidden">
        <BackLink href="/verifications">All verifications</BackLink>
      </div>
      <Answered answer={answer} lines={8}>
        {({ verification, evidenceKey }) =>
          verification === null ? (
            <Panel flush>
              <title>Verification not found · System Backup Trigger</title>
              <Empty Icon={ShieldCheck} title="There is no such verification">
                <ButtonLink href="/verifications">To the verifications</ButtonLink>
              </Empty>
            </Panel>
          ) : (
            <Verification verification={verification} evidenceKey={evidenceKey} />
          )
        }
      </Answered>
    </>
  )
}

function Verification({ verification, evidenceKey }: { verification: VerificationDetail; evidenceKey: string }) {
  const { state, result, run, error, findings, bytesDone, bytesTotal, filesDone, filesTotal } = verification
  const title = `Verification of ${runName(run)}`
  const active = isActive(state)
  const progress = { bytesDone, bytesTotal, filesDone, filesTotal, bytesPerSecond: null, secondsLeft: null }
  return (
    <>
      <title>{`${title} · System Backup Trigger`}</title>
      <PageHead title={title} actions={active ? <CancelVerification id={verification.id} /> : null} />
      <Panel title={<VerificationMark state={state} result={result} />}>
        <p aria-live="polite" className="sr-only">
          {active ? 'The verification goes on.' : `The verification has ended: ${(result ?? state).toLowerCase()}.`}
        </p>
        {error ? <ProblemNotice problem={error} urgent={false} /> : null}
        {active ? (
          <div className="mb-4 grid gap-2">
            {state === 'RUNNING' ? <ProgressBar progress={progress} label={title} /> : null}
            <ProgressFigures progress={progress} state={state} waitsFor={verification.waitsFor} />
          </div>
        ) : null}
        <Facts>
          <Fact name="Saved">
            <Link href={`/backups/${run.backup.id}`} className="text-accent underline-offset-2 hover:underline">
              {run.finishedAt ? <When at={run.finishedAt} /> : 'its backup'}
            </Link>
          </Fact>
          <Fact name="Environment">
            <EnvironmentTag environment={run.source.environment} />
          </Fact>
          <Fact name="Asked for">
            <When at={verification.queuedAt} />
          </Fact>
          <Fact name="By">{verification.requestedBy}</Fact>
          <Fact name="Took">
            {verification.startedAt ? <Took from={verification.startedAt} to={verification.finishedAt} /> : '–'}
          </Fact>
          <Fact name="Time to restore">{duration(verification.restoreSeconds)}</Fact>
          <Fact name="Files">
            {count(filesDone)} of {count(filesTotal)}
          </Fact>
          <Fact name="Size">
            {bytes(bytesDone)} of {bytes(bytesTotal)}
          </Fact>
        </Facts>
      </Panel>
      {findings.length > 0 ? (
        <Panel title="What was looked at">
          <ul className="grid gap-2.5">
            {findings.map(({ what, problem }) => (
              <li key={what} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2.5">
                {problem === null ? (
                  <CircleCheck aria-label="Right:" role="img" className="mt-0.5 size-4 text-good" />
                ) : (
                  <CircleX aria-label="Wrong:" role="img" className="mt-0.5 size-4 text-bad" />
                )}
                <span className="break-words">
                  {what}
                  {problem === null ? null : <span className="block font-medium text-bad">{problem}</span>}
                </span>
              </li>
            ))}
          </ul>
        </Panel>
      ) : null}
      <RestoreTimes sourceId={run.source.id} partName={run.partName} />
      {verification.evidence ? <Evidence evidence={verification.evidence} publicKey={evidenceKey} /> : null}
      <div className="print:hidden">
        <Panel title="Log" flush>
          <LogView lines={verification.events} />
        </Panel>
      </div>
    </>
  )
}

/** How long restores of a source took that were tried: what to expect of the next one. */
function RestoreTimes({ sourceId, partName }: { sourceId: string; partName: string | null }) {
  const all = useVerifications(sourceId)
  const points = (all.data ?? [])
    .filter((one) => one.run.partName === partName)
    .flatMap(({ finishedAt, restoreSeconds }) =>
      finishedAt !== null && restoreSeconds !== null ? [{ at: finishedAt, value: restoreSeconds }] : [],
    )
    .reverse()
  if (points.length < 2) return null
  return (
    <Panel title="Time to restore">
      <GrowthChart points={points} name="Time to restore, by verification" format={duration} />
    </Panel>
  )
}

function CancelVerification({ id }: { id: string }) {
  const cancel = useCancelVerification(id)
  const mayTrigger = useMayTrigger()
  if (!mayTrigger) return null
  return (
    <Cancel
      what="verification"
      keep="Let it go on"
      isAsked={cancel.isPending || cancel.data?.__typename === 'CancelVerificationSuccess'}
      refusal={problemIn(cancel.data, cancel.error)}
      onCancel={() => cancel.mutate()}
    >
      Nothing of it is left, and the backup stays as it is.
    </Cancel>
  )
}
