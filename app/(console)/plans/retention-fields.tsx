import { describedBy, Field, Input } from '#app/_ui/field.tsx'
import { type Draft, type Kept, keptKinds } from './draft.ts'

const words: Record<Kept, string> = {
  days: 'Days',
  last: 'Last ones',
  hourly: 'Hours',
  daily: 'One a day, days',
  weekly: 'One a week, weeks',
  monthly: 'One a month, months',
  yearly: 'One a year, years',
}

interface Props {
  draft: Draft
  change: (part: Partial<Draft>) => void
  issueOf: (path: string) => string | undefined
}

/** What is kept of a plan's backups. */
export function RetentionFields({ draft, change, issueOf }: Props) {
  return (
    <div className="grid gap-4">
      <p className="text-ink-soft">
        A snapshot stays when any of these keeps it. The newest good one of each source stays in any case, as does the
        newest whole one and what is pinned. 0 keeps nothing.
      </p>
      <div className="grid grid-cols-2 gap-4 sm:grid-cols-4">
        {keptKinds.map((kind) => {
          const error = issueOf(`retention.${kind}`)
          return (
            <Field key={kind} label={words[kind]} htmlFor={`keep-${kind}`} error={error}>
              <Input
                id={`keep-${kind}`}
                inputMode="numeric"
                autoComplete="off"
                value={draft.keep[kind]}
                onChange={(event) => change({ keep: { ...draft.keep, [kind]: event.target.value } })}
                {...describedBy(`keep-${kind}`, { error })}
              />
            </Field>
          )
        })}
      </div>
    </div>
  )
}
