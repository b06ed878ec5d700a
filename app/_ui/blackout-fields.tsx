import { Plus } from 'lucide-react'
import { Button } from '#app/_ui/button.tsx'
import { describedBy, Field, FieldNotes, Input } from '#app/_ui/field.tsx'

/** A time of the week at which nothing starts. 1 is Monday. */
export interface Blackout {
  days: number[]
  from: string
  to: string
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const workdays: Blackout = { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }

/** “Mon, Tue 08:00–18:00” */
export function blackoutWords(blackout: unknown): string {
  const { days, from, to } = blackout as Blackout
  const names = days.length === 7 ? 'every day' : days.map((day) => dayNames[day - 1]).join(', ')
  return `${names} ${from}–${to}`
}

interface Props {
  id: string
  hint: string
  blackouts: Blackout[]
  change: (blackouts: Blackout[]) => void
  /** What is wrong with `blackouts`, or with a field of one: `blackouts.0.days`. */
  issueOf: (path: string) => string | undefined
}

/** The times of the week at which nothing starts. */
export function BlackoutFields({ id, hint, blackouts, change, issueOf }: Props) {
  const error = issueOf('blackouts')
  const set = (index: number, part: Partial<Blackout>) =>
    change(blackouts.map((one, at) => (at === index ? { ...one, ...part } : one)))
  return (
    <fieldset className="grid min-w-0 content-start gap-2" {...describedBy(id, { hint, error })}>
      <legend className="text-small font-medium">Does not start</legend>
      <FieldNotes htmlFor={id} hint={hint} error={error} />
      {blackouts.map((blackout, index) => (
        <BlackoutItem
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name than their place
          key={index}
          id={`${id}-${index}`}
          number={index + 1}
          blackout={blackout}
          change={(part) => set(index, part)}
          remove={() => change(blackouts.filter((_, at) => at !== index))}
          issueOf={(field) => issueOf(`blackouts.${index}.${field}`)}
        />
      ))}
      {blackouts.length < 20 ? (
        <div>
          <Button size="small" onClick={() => change([...blackouts, workdays])}>
            <Plus aria-hidden className="size-4" />
            Add a time
          </Button>
        </div>
      ) : null}
    </fieldset>
  )
}

interface ItemProps {
  id: string
  number: number
  blackout: Blackout
  change: (part: Partial<Blackout>) => void
  remove: () => void
  issueOf: (field: string) => string | undefined
}

function BlackoutItem({ id, number, blackout, change, remove, issueOf }: ItemProps) {
  const days = issueOf('days')
  const time = (key: 'from' | 'to', label: string) => (
    <Field label={label} htmlFor={`${id}-${key}`} error={issueOf(key)}>
      <Input
        id={`${id}-${key}`}
        type="time"
        value={blackout[key]}
        onChange={(event) => change({ [key]: event.target.value })}
        {...describedBy(`${id}-${key}`, { error: issueOf(key) })}
      />
    </Field>
  )
  return (
    <fieldset className="flex min-w-0 flex-wrap items-end gap-x-4 gap-y-2 rounded-control border border-line bg-well p-3">
      <legend className="sr-only">Time {number}</legend>
      <fieldset className="flex flex-wrap gap-x-3" {...describedBy(`${id}-days`, { error: days })}>
        <legend className="sr-only">Days</legend>
        {dayNames.map((name, at) => (
          <label key={name} className="inline-flex min-h-9 items-center gap-1.5">
            <input
              type="checkbox"
              className="size-4"
              checked={blackout.days.includes(at + 1)}
              onChange={(event) =>
                change({
                  days: event.target.checked
                    ? [...blackout.days, at + 1].sort()
                    : blackout.days.filter((day) => day !== at + 1),
                })
              }
            />
            {name}
          </label>
        ))}
        <FieldNotes htmlFor={`${id}-days`} hint={undefined} error={days} />
      </fieldset>
      {time('from', 'from')}
      {time('to', 'until')}
      <Button size="small" look="quiet" onClick={remove}>
        Remove it
      </Button>
    </fieldset>
  )
}
