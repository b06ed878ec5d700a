'use client'

import { type FormEvent, type ReactNode, useState } from 'react'
import type { PlanItem } from '#app/_data/plans.ts'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import { parseTags } from '#app/_data/tags.ts'
import { BlackoutFields } from '#app/_ui/blackout-fields.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Choice, describedBy, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { OverrideFields } from '#app/_ui/override-fields.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { type Defaults, type Draft, draftOf, inputOf } from './draft.ts'
import { HookFields } from './hook-fields.tsx'
import { NotifyFields } from './notify-fields.tsx'
import { PlaceFields } from './place-fields.tsx'
import { RetentionFields } from './retention-fields.tsx'
import { ScheduleFields } from './schedule-fields.tsx'
import { SelectionFields } from './selection-fields.tsx'

interface Props {
  plan: Partial<PlanItem> & Defaults
  /** Answers a refusal, which the form shows. */
  save: (input: ReturnType<typeof inputOf>, confirmEnvironment: string[]) => Promise<{ __typename?: string }>
  saveWords: string
  aside?: ReactNode
}

/** A plan, new or changed. */
export function PlanForm({ plan, save, saveWords, aside }: Props) {
  const [draft, setDraft] = useState(() => draftOf(plan))
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [confirmed, setConfirmed] = useState('')
  const isToConfirm = confirmed !== '' || refusal?.code === 'ENVIRONMENT_NOT_CONFIRMED'
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const issueOf = (path: string) =>
    refusal?.issues?.find((issue) => issue.path === path || issue.path.startsWith(`${path}.`))?.problem

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    try {
      setRefusal(problemIn(await save(inputOf(draft), parseTags(confirmed)), null))
    } catch (error) {
      setRefusal(problemIn(undefined, error))
    } finally {
      setBusy(false)
    }
  }

  /** A field of one line of text. */
  const text = (
    key: TextKey,
    label: string,
    path: string,
    more: { hint?: string; type?: string; mode?: 'decimal' },
  ) => {
    const error = issueOf(path)
    return (
      <Field label={label} htmlFor={key} hint={more.hint} error={error}>
        <Input
          id={key}
          type={more.type ?? 'text'}
          inputMode={more.mode}
          autoComplete="off"
          value={draft[key]}
          onChange={(event) => change({ [key]: event.target.value })}
          {...describedBy(key, { hint: more.hint, error })}
        />
      </Field>
    )
  }

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Panel title="Name">
        <div className="grid gap-4 sm:grid-cols-2">
          {text('name', 'Name', 'name', {})}
          {text('description', 'Description', 'description', { hint: 'For the others; may be empty.' })}
        </div>
      </Panel>
      <Panel title="Sources">
        <SelectionFields draft={draft} change={change} issueOf={issueOf} />
      </Panel>
      <Panel title="Schedule">
        <ScheduleFields draft={draft} change={change} issueOf={issueOf} />
      </Panel>
      <Panel title="What is kept">
        <RetentionFields draft={draft} change={change} issueOf={issueOf} />
      </Panel>
      <Panel>
        <details open={draft.hooksBefore.length + draft.hooksAfter.length > 0}>
          <summary className="cursor-pointer font-medium">Hooks: what is called before and after</summary>
          <div className="mt-4">
            <HookFields draft={draft} change={change} issueOf={issueOf} />
          </div>
        </details>
      </Panel>
      <Panel title="Who is told">
        <NotifyFields draft={draft} change={change} issueOf={issueOf} />
      </Panel>
      <Panel>
        <details>
          <summary className="cursor-pointer font-medium">More: repository, retries, hours, limits</summary>
          <div className="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
            <PlaceFields draft={draft} change={change} issueOf={issueOf} />
            {text('uploadKibPerSecond', 'Upload limit, KiB per second', 'uploadKibPerSecond', {
              mode: 'decimal',
              hint: 'Of each run. Empty: as the repository says.',
            })}
            {text('runsAtOnce', 'Runs at once', 'runsAtOnce', {
              mode: 'decimal',
              hint: 'Of one backup. Empty: as many as worker and repository take.',
            })}
            {text('retries', 'Retries', 'retries', {
              mode: 'decimal',
              hint: 'Of a run that failed for a reason that may pass.',
            })}
            {text('retryPauseMinutes', 'First pause, minutes', 'retryPauseSeconds', {
              mode: 'decimal',
              hint: 'It doubles each time.',
            })}
            {text('timeLimitMinutes', 'Time limit of a run, minutes', 'timeLimitSeconds', {
              mode: 'decimal',
              hint: 'Empty: none.',
            })}
            {text('jitterMinutes', 'Starts up to … minutes later', 'jitterSeconds', {
              mode: 'decimal',
              hint: 'So that many do not start at once.',
            })}
            {text('windowFrom', 'Starts only from', 'windowFrom', { type: 'time' })}
            {text('windowTo', 'until', 'windowTo', { type: 'time' })}
            {text('verifyEveryDays', 'Verify every … days', 'verifyEveryDays', {
              mode: 'decimal',
              hint: 'The newest good backup of each source. 0: never by itself.',
            })}
            {text('compressionLevel', 'Compression, 1 to 9', 'compressionLevel', {
              mode: 'decimal',
              hint: 'Empty: as the repository says.',
            })}
          </div>
          <div className="mt-4">
            <OverrideFields
              id="plan"
              notification={draft.notification}
              logVerbosity={draft.logVerbosity}
              change={change}
            />
          </div>
          <div className="mt-4">
            <BlackoutFields
              id="blackouts"
              hint="At these times of the week, in the plan’s time zone. What is due then waits until they are over."
              blackouts={draft.blackouts}
              change={(blackouts) => change({ blackouts })}
              issueOf={issueOf}
            />
          </div>
          <div className="mt-4">
            <Choice
              kind="checkbox"
              name="catchUp"
              checked={draft.catchUp}
              onChange={(catchUp) => change({ catchUp })}
              detail="When nothing ran at its time. It is reported in any case."
            >
              Make up for a missed time, once
            </Choice>
          </div>
        </details>
      </Panel>
      <div aria-live="polite" className="empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
      {isToConfirm ? (
        <Panel>
          <Field
            label="Names of the protected environments"
            htmlFor="confirm"
            hint="What is kept of their backups changes: type their names, with commas between."
          >
            <Input
              id="confirm"
              autoComplete="off"
              aria-describedby="confirm-hint"
              value={confirmed}
              onChange={(event) => setConfirmed(event.target.value)}
            />
          </Field>
        </Panel>
      ) : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="main" disabled={isBusy}>
          {isBusy ? 'Saving …' : saveWords}
        </Button>
        {aside}
      </div>
    </form>
  )
}

type TextKey = {
  [Key in keyof Draft]: Draft[Key] extends string ? (string extends Draft[Key] ? Key : never) : never
}[keyof Draft]
