import { type ChannelForm, useChannels } from '#app/_data/channels.ts'
import { useEnvironmentSettings } from '#app/_data/environments.ts'
import { usePlans } from '#app/_data/plans.ts'
import { Choice, describedBy, Field, Input, Select } from '#app/_ui/field.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import type { DigestPeriod, Severity } from '#graphql/documents/generated/graphql.ts'
import type { Rules } from './rules.ts'

interface Props {
  rules: Rules
  events: ChannelForm['notificationEvents']
  /** Of the one that is changed: it cannot escalate to itself. */
  channelId: string | null
  change: (part: Partial<Rules>) => void
  issueOf: (path: string) => string | undefined
}

/** What a channel carries, when, and what becomes of it when nobody answers. */
export function RuleFields({ rules, events, channelId, change, issueOf }: Props) {
  const environments = useEnvironmentSettings().data ?? []
  const plans = usePlans().data ?? []
  const others = (useChannels().data?.channels ?? []).filter(({ id }) => id !== channelId)
  const field = (name: keyof Rules, hint?: boolean) => ({
    id: name,
    ...describedBy(name, { hint, error: issueOf(name) }),
  })
  return (
    <>
      <Panel title="What it carries">
        <div className="grid gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="From which severity on" htmlFor="severity" error={issueOf('severity')}>
              <Select
                {...field('severity')}
                value={rules.severity}
                onChange={(event) => change({ severity: event.target.value as Severity })}
              >
                <option value="INFO">Everything</option>
                <option value="WARNING">Warnings and errors</option>
                <option value="ERROR">Errors only</option>
              </Select>
            </Field>
            <div className="self-end">
              <Choice
                kind="checkbox"
                name="enabled"
                checked={rules.enabled}
                onChange={(enabled) => change({ enabled })}
              >
                Enabled
              </Choice>
            </div>
          </div>
          <Several
            legend="Only these events"
            empty="None is chosen: it carries all of them."
            name="events"
            options={events.map(({ name, title }) => ({ value: name, text: title }))}
            chosen={rules.events}
            change={(chosen) => change({ events: chosen })}
          />
          <Several
            legend="Only these environments"
            empty="None is chosen: it carries what happens in any of them."
            name="environmentIds"
            options={environments.map(({ id, name }) => ({ value: id, text: name }))}
            chosen={rules.environmentIds}
            change={(environmentIds) => change({ environmentIds })}
          />
          {plans.length > 0 ? (
            <Several
              legend="Only these plans"
              empty="None is chosen: it also carries what belongs to no plan."
              name="planIds"
              options={plans.map(({ id, name }) => ({ value: id, text: name }))}
              chosen={rules.planIds}
              change={(planIds) => change({ planIds })}
            />
          ) : null}
        </div>
      </Panel>
      <Panel title="When">
        <div className="grid gap-4 sm:grid-cols-3">
          <Field
            label="Quiet from"
            htmlFor="quietFrom"
            hint="Errors are sent all the same."
            error={issueOf('quietFrom')}
          >
            <Input
              {...field('quietFrom', true)}
              type="time"
              value={rules.quietFrom}
              onChange={(event) => change({ quietFrom: event.target.value })}
            />
          </Field>
          <Field label="Quiet until" htmlFor="quietTo" error={issueOf('quietTo')}>
            <Input
              {...field('quietTo')}
              type="time"
              value={rules.quietTo}
              onChange={(event) => change({ quietTo: event.target.value })}
            />
          </Field>
          <Field label="Time zone" htmlFor="timeZone" error={issueOf('timeZone')}>
            <Select
              {...field('timeZone')}
              value={rules.timeZone}
              onChange={(event) => change({ timeZone: event.target.value })}
            >
              {[...new Set(['UTC', rules.timeZone, ...Intl.supportedValuesOf('timeZone')])].map((zone) => (
                <option key={zone}>{zone}</option>
              ))}
            </Select>
          </Field>
          <Field label="Summary of all sources" htmlFor="digest" error={issueOf('digest')}>
            <Select
              {...field('digest')}
              value={rules.digest}
              onChange={(event) => change({ digest: event.target.value as DigestPeriod | '' })}
            >
              <option value="">None</option>
              <option value="DAILY">Each day</option>
              <option value="WEEKLY">Each Monday</option>
            </Select>
          </Field>
          {rules.digest === '' ? null : (
            <>
              <Field label="At" htmlFor="digestAt" error={issueOf('digestAt')}>
                <Input
                  {...field('digestAt')}
                  type="time"
                  value={rules.digestAt}
                  onChange={(event) => change({ digestAt: event.target.value })}
                />
              </Field>
              <div className="self-end">
                <Choice
                  kind="checkbox"
                  name="digestOnly"
                  checked={rules.digestOnly}
                  onChange={(digestOnly) => change({ digestOnly })}
                >
                  Nothing but the summary
                </Choice>
              </div>
            </>
          )}
        </div>
      </Panel>
      {others.length === 0 ? null : (
        <Panel title="When nobody answers">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field
              label="Errors also go to"
              htmlFor="escalateToId"
              hint="Until somebody acknowledges them in the console."
              error={issueOf('escalateToId')}
            >
              <Select
                {...field('escalateToId', true)}
                value={rules.escalateToId}
                onChange={(event) => change({ escalateToId: event.target.value })}
              >
                <option value="">No other channel</option>
                {others.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </Select>
            </Field>
            {rules.escalateToId === '' ? null : (
              <Field label="After minutes" htmlFor="escalateAfterMinutes" error={issueOf('escalateAfterMinutes')}>
                <Input
                  {...field('escalateAfterMinutes')}
                  inputMode="numeric"
                  value={rules.escalateAfterMinutes}
                  onChange={(event) => change({ escalateAfterMinutes: event.target.value })}
                />
              </Field>
            )}
          </div>
        </Panel>
      )}
    </>
  )
}

interface SeveralProps {
  legend: string
  empty: string
  name: string
  options: { value: string; text: string }[]
  chosen: string[]
  change: (chosen: string[]) => void
}

function Several({ legend, empty, name, options, chosen, change }: SeveralProps) {
  return (
    <details open={chosen.length > 0 || undefined}>
      <summary className="cursor-pointer text-small font-medium">
        {legend} <span className="font-normal text-ink-soft">{chosen.length > 0 ? `(${chosen.length})` : empty}</span>
      </summary>
      <fieldset className="mt-2">
        <legend className="sr-only">{legend}</legend>
        <div className="grid gap-2 sm:grid-cols-2">
          {options.map(({ value, text }) => (
            <Choice
              key={value}
              kind="checkbox"
              name={name}
              checked={chosen.includes(value)}
              onChange={(isChosen) => change(isChosen ? [...chosen, value] : chosen.filter((one) => one !== value))}
            >
              {text}
            </Choice>
          ))}
        </div>
      </fieldset>
    </details>
  )
}
