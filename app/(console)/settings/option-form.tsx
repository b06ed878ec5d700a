'use client'

import { type FormEvent, type ReactNode, useState } from 'react'
import { type Option, useSetOption } from '#app/_data/options.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { describedBy, FieldNotes, Input, Select } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { When } from '#app/_ui/time.tsx'

interface OptionFormProps {
  option: Option
  /** The protected environments. */
  guarded: string[]
  readOnly: boolean
}

/** One option: what it means, what holds and who said so, and another value for it. */
export function OptionForm({ option, guarded, readOnly }: OptionFormProps) {
  const [value, setValue] = useState(option.value)
  const change = useSetOption()
  const { name } = option
  const send = (next: string | null, confirmEnvironment: string[] | null = null) =>
    change.mutate({ name, value: next, confirmEnvironment })
  const fewerDays = (next: string) => name === 'retention_policy' && Number(next) < Number(option.value)
  const ask = { guarded, days: option.value }

  function submit(event: FormEvent): void {
    event.preventDefault()
    send(value)
  }

  const control = {
    id: name,
    value,
    disabled: readOnly,
    onChange: (event: { target: { value: string } }) => setValue(event.target.value),
    ...describedBy(name, { hint: true }),
  }
  const isChanged = value !== option.value
  return (
    <form onSubmit={submit} className="grid items-start gap-x-6 gap-y-3 lg:grid-cols-[3fr_2fr]">
      <div className="min-w-0">
        <label htmlFor={name} className="font-mono font-medium">
          {name}
        </label>
        <FieldNotes htmlFor={name} hint={option.meaning} />
        <Origin option={option} />
      </div>
      <div data-tight className="grid gap-2">
        {option.choices ? (
          <Select {...control}>
            {option.choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </Select>
        ) : (
          <Input {...control} autoComplete="off" spellCheck={false} />
        )}
        {readOnly ? null : (
          <div className="flex flex-wrap gap-2">
            {isChanged && fewerDays(value) ? (
              <FewerDays
                {...ask}
                to={value}
                go={() => send(value, guarded)}
                trigger={<Button look="main">Save</Button>}
              />
            ) : (
              <Button type="submit" look={isChanged ? 'main' : 'plain'} disabled={!isChanged || change.isPending}>
                {change.isPending ? 'Saving …' : 'Save'}
              </Button>
            )}
            {option.origin !== 'SETTINGS' ? null : fewerDays(option.otherwise) ? (
              <FewerDays
                {...ask}
                to={option.otherwise}
                go={() => send(null, guarded)}
                trigger={<Button>Back to {option.otherwise}</Button>}
              />
            ) : (
              <Button disabled={change.isPending} onClick={() => send(null)}>
                Back to {option.otherwise}
              </Button>
            )}
          </div>
        )}
        <div aria-live="polite" className="empty:hidden">
          {change.data?.__typename === 'Problem' ? <ProblemNotice problem={change.data} /> : null}
          {change.error ? <ProblemNotice problem={asProblem(change.error)} /> : null}
        </div>
      </div>
    </form>
  )
}

function Origin({ option }: { option: Option }) {
  const { origin, variable, value, otherwise, changedAt } = option
  return (
    <p className="mt-1.5 text-small">
      <span className="font-mono font-medium">{value}</span>{' '}
      <span className="text-ink-soft">
        {origin === 'DEFAULT' ? 'is the default' : null}
        {origin === 'ENVIRONMENT' ? (
          <>
            comes from the environment variable <span className="font-mono">{variable}</span>
          </>
        ) : null}
        {origin === 'SETTINGS' ? (
          <>
            was set here
            {changedAt ? (
              <>
                {' '}
                <When at={changedAt} />
              </>
            ) : null}
            ; otherwise it would be <span className="font-mono">{otherwise}</span>
          </>
        ) : null}
      </span>
    </p>
  )
}

interface FewerDaysProps {
  guarded: string[]
  days: string
  to: string
  go: () => void
  trigger: ReactNode
}

/** Keeping for fewer days removes what is there, so it is asked about. */
function FewerDays({ guarded, days, to, go, trigger }: FewerDaysProps) {
  return (
    <Confirm
      trigger={trigger}
      title={`Keep backups for ${to} days instead of ${days}?`}
      keep="Keep it"
      go="Change it"
      typed={guarded.length > 0 ? guarded.join(', ') : undefined}
      onConfirm={go}
    >
      Snapshots of backups that no plan made, and that are older, go with the next prune of their repository
      {guarded.length > 0 ? `; those of ${guarded.join(', ')} too` : ''}. The newest good one of each source stays.
    </Confirm>
  )
}
