'use client'

import { CalendarX } from 'lucide-react'
import { use, useState } from 'react'
import { type PlanDetail, usePlan, useUpdatePlan } from '#app/_data/plans.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { blackoutWords } from '#app/_ui/blackout-fields.tsx'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { count, duration } from '#app/_ui/format.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { WhenIn } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { hookWords } from '../hook-draft.ts'
import { PlanForm } from '../plan-form.tsx'
import { PlanActions } from './plan-actions.tsx'
import { PlanEvents } from './plan-events.tsx'
import { Retention } from './retention.tsx'

export default function PlanPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = use(params)
  const plan = usePlan(id)
  return (
    <>
      <title>{`${plan.data?.name ?? 'Plan'} · System Backup Trigger`}</title>
      <Answered answer={plan}>
        {(found) =>
          found === null ? (
            <Empty Icon={CalendarX} title="There is no such plan">
              It may have been deleted. Its backups are in the history.
            </Empty>
          ) : (
            <Found plan={found} />
          )
        }
      </Answered>
    </>
  )
}

function Found({ plan }: { plan: PlanDetail }) {
  const mayChange = useMayChange()
  const update = useUpdatePlan()
  const [isEdited, setEdited] = useState(false)
  return (
    <>
      <PageHead title={plan.name} intro={plan.description} actions={<PlanActions plan={plan} />} />
      {plan.isPaused ? <Paused plan={plan} /> : null}
      {plan.sources.length === 0 ? (
        <Notice tone="warn" title="It takes no source, so it starts nothing.">
          Choose others, or enable the ones that it means.
        </Notice>
      ) : null}
      {plan.missingCopies.map(({ missing, repository, copyTo }) => (
        <Notice
          key={`${repository.id} ${copyTo.id}`}
          tone="warn"
          title={`${missing} of its snapshots in ${repository.name} have no copy in ${copyTo.name}.`}
          action={
            <ButtonLink href={`/repositories/${repository.id}`} size="small">
              To the repository
            </ButtonLink>
          }
        />
      ))}
      {isEdited ? (
        <PlanForm
          plan={plan}
          saveWords="Save the changes"
          save={async (input, confirmEnvironment) => {
            const answer = await update.mutateAsync({ id: plan.id, ...input, confirmEnvironment })
            if (answer.__typename !== 'Problem') setEdited(false)
            return answer
          }}
          aside={<Button onClick={() => setEdited(false)}>Leave it as it is</Button>}
        />
      ) : (
        <>
          <About plan={plan} onEdit={mayChange ? () => setEdited(true) : undefined} />
          <Retention plan={plan} />
          <Panel title="What became of its times" flush>
            <PlanEvents events={plan.events} timeZone={plan.timeZone} />
          </Panel>
        </>
      )}
    </>
  )
}

function Paused({ plan }: { plan: PlanDetail }) {
  return (
    <Notice tone="warn" title={`Paused: ${plan.pauseReason}`}>
      By {plan.pausedBy},{' '}
      {plan.pausedUntil ? (
        <>
          until <WhenIn at={plan.pausedUntil} timeZone={plan.timeZone} />
        </>
      ) : (
        'until somebody resumes it'
      )}
      .
    </Notice>
  )
}

function About({ plan, onEdit }: { plan: PlanDetail; onEdit: (() => void) | undefined }) {
  const hours = plan.windowFrom ? `${plan.windowFrom}–${plan.windowTo}` : 'At any time'
  return (
    <Panel
      title="Schedule and sources"
      aside={
        onEdit ? (
          <Button size="small" onClick={onEdit}>
            Change
          </Button>
        ) : null
      }
    >
      <Facts>
        <Fact name="When">{plan.scheduleInWords ?? 'By hand only'}</Fact>
        <Fact name="Time zone">{plan.timeZone}</Fact>
        <Fact name="Hours">{hours}</Fact>
        <Fact name="A missed time">{plan.catchUp ? 'Is made up for once' : 'Is only reported'}</Fact>
        <Fact name="Retries">
          {plan.retries === 0 ? 'None' : `${plan.retries}, the first after ${duration(plan.retryPauseSeconds)}`}
        </Fact>
        <Fact name="Time limit of a run">{plan.timeLimitSeconds ? duration(plan.timeLimitSeconds) : 'None'}</Fact>
        <Fact name="Starts later by up to">{plan.jitterSeconds ? duration(plan.jitterSeconds) : 'Nothing'}</Fact>
        {plan.blackouts.length > 0 ? (
          <Fact name="Does not start">{plan.blackouts.map(blackoutWords).join('; ')}</Fact>
        ) : null}
        <Fact name="Repository">{plan.repository?.name ?? 'As each source says'}</Fact>
        <Fact name="Second copy">{plan.copyRepository?.name ?? 'As the repository says'}</Fact>
        <Fact name="Upload limit of a run">
          {plan.uploadKibPerSecond ? `${count(plan.uploadKibPerSecond)} KiB per second` : 'As the repository says'}
        </Fact>
        <Fact name="Runs at once">{plan.runsAtOnce ?? 'As many as go'}</Fact>
        <Fact name="Who is told">
          {plan.notifyRecipients.length > 0 ? plan.notifyRecipients.join(', ') : 'As the page Notifications says'}
        </Fact>
        <Fact name="Of what">{toldOf(plan)}</Fact>
        <Fact name="Notifications">
          {plan.notificationEnabled === null ? 'As the settings say' : plan.notificationEnabled ? 'On' : 'Off'}
        </Fact>
        <Fact name="Verified">
          {plan.verifyEveryDays === 0
            ? 'By hand only'
            : plan.verifyEveryDays === 1
              ? 'Every day'
              : `Every ${plan.verifyEveryDays} days`}
        </Fact>
        <Fact name="Kept of the log">{plan.logVerbosity ? `From ${plan.logVerbosity} on` : 'All lines'}</Fact>
        <Fact name="Compression">{plan.compressionLevel ?? 'As the repository says'}</Fact>
      </Facts>
      <Hooks title="Called before it, in this order" hooks={plan.hooksBefore} />
      <Hooks title="Called after it, in this order" hooks={plan.hooksAfter} />
      {plan.nextTimes.length > 0 && !plan.isPaused ? (
        <>
          <h3 className="mt-5 text-label text-ink-soft">The next five times</h3>
          <ul className="mt-1 grid gap-x-6 gap-y-0.5 sm:grid-cols-2 lg:grid-cols-3">
            {plan.nextTimes.map((time) => (
              <li key={time}>
                <WhenIn at={time} timeZone={plan.timeZone} />
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {plan.sources.length > 0 ? (
        <>
          <h3 className="mt-5 text-label text-ink-soft">Takes now</h3>
          <ul className="mt-1 grid gap-x-6 gap-y-0.5 sm:grid-cols-2 lg:grid-cols-3">
            {plan.sources.map((source) => (
              <li key={source.id} className="flex flex-wrap items-baseline gap-x-2">
                {source.name}
                <span className="text-small text-ink-soft">
                  <EnvironmentTag environment={source.environment} />
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Panel>
  )
}

function toldOf({ notifyOnSuccess, notifyOnFailure }: PlanDetail): string {
  if (notifyOnSuccess && notifyOnFailure) return 'Success and failure'
  if (notifyOnFailure) return 'Failure only'
  return notifyOnSuccess ? 'Success only' : 'Nothing'
}

function Hooks({ title, hooks }: { title: string; hooks: readonly unknown[] }) {
  if (hooks.length === 0) return null
  return (
    <>
      <h3 className="mt-5 text-label text-ink-soft">{title}</h3>
      <ol className="mt-1 grid list-inside list-decimal gap-y-0.5">
        {hooks.map(hookWords).map((words, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a hook is known by its place in the order
          <li key={index} className="break-words">
            {words}
          </li>
        ))}
      </ol>
    </>
  )
}
