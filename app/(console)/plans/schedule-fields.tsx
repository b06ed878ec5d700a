import { useSchedulePreview } from '#app/_data/plans.ts'
import { describedBy, Field, Input, Select } from '#app/_ui/field.tsx'
import { WhenIn } from '#app/_ui/time.tsx'
import { BY_HAND, CUSTOM, type Draft, namedSchedules, scheduleOf } from './draft.ts'

const words: Record<(typeof namedSchedules)[number], string> = {
  hourly: 'Every hour',
  daily: 'Every day',
  weekly: 'Every week',
  monthly: 'Every month',
}

interface Props {
  draft: Draft
  change: (part: Partial<Draft>) => void
  issueOf: (path: string) => string | undefined
}

/** When a plan starts, in words and with its next times before it is saved. */
export function ScheduleFields({ draft, change, issueOf }: Props) {
  const schedule = scheduleOf(draft)
  const preview = useSchedulePreview(schedule ?? '', draft.timeZone)
  const found = schedule === null ? undefined : preview.data
  const wrong =
    found?.__typename === 'Problem' ? found.issues.map((issue) => issue.problem).join('; ') || found.message : undefined
  const cronError = issueOf('schedule') ?? (draft.when === CUSTOM ? wrong : undefined)
  return (
    <div className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="How often" htmlFor="when">
          <Select
            id="when"
            value={draft.when}
            onChange={(event) => change({ when: event.target.value as Draft['when'] })}
          >
            {namedSchedules.map((name) => (
              <option key={name} value={name}>
                {words[name]}
              </option>
            ))}
            <option value={CUSTOM}>At times of a cron expression …</option>
            <option value={BY_HAND}>By hand only</option>
          </Select>
        </Field>
        <Field label="Time zone" htmlFor="timeZone" error={issueOf('timeZone')}>
          <Select
            id="timeZone"
            value={draft.timeZone}
            onChange={(event) => change({ timeZone: event.target.value })}
            {...describedBy('timeZone', { error: issueOf('timeZone') })}
          >
            {[...new Set(['UTC', draft.timeZone, ...Intl.supportedValuesOf('timeZone')])].map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </Select>
        </Field>
        {draft.when === CUSTOM ? (
          <Field
            label="Cron expression"
            htmlFor="cron"
            hint="Minute, hour, day of the month, month, day of the week."
            error={cronError}
          >
            <Input
              id="cron"
              className="font-mono"
              autoComplete="off"
              spellCheck={false}
              value={draft.cron}
              onChange={(event) => change({ cron: event.target.value })}
              {...describedBy('cron', { hint: true, error: cronError })}
            />
          </Field>
        ) : null}
      </div>
      <div aria-live="polite" className="empty:hidden">
        {found?.__typename === 'SchedulePreview' ? (
          <div className="rounded-control border border-line bg-well px-3 py-2">
            <p className="font-medium">{found.words}</p>
            <ul aria-label="The next five times" className="mt-1 grid gap-x-6 text-small text-ink-soft sm:grid-cols-2">
              {found.times.map((time) => (
                <li key={time}>
                  <WhenIn at={time} timeZone={draft.timeZone} />
                </li>
              ))}
            </ul>
          </div>
        ) : null}
      </div>
    </div>
  )
}
