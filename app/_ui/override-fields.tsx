import { Field, Select } from '#app/_ui/field.tsx'

interface Props {
  /** Apart from other fields of the page. */
  id: string
  notification: string
  logVerbosity: string
  change: (part: { notification?: string; logVerbosity?: string }) => void
}

/** What a trigger or a plan says in place of the options; empty: nothing. */
export function OverrideFields({ id, notification, logVerbosity, change }: Props) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Tell people how it ended" htmlFor={`${id}-notification`}>
        <Select
          id={`${id}-notification`}
          value={notification}
          onChange={(event) => change({ notification: event.target.value })}
        >
          <option value="">As the settings say</option>
          <option value="on">Yes, whatever they say</option>
          <option value="off">No</option>
        </Select>
      </Field>
      <Field label="Keep of the log" htmlFor={`${id}-verbosity`}>
        <Select
          id={`${id}-verbosity`}
          value={logVerbosity}
          onChange={(event) => change({ logVerbosity: event.target.value })}
        >
          <option value="">All lines</option>
          <option value="INFO">INFO and worse</option>
          <option value="WARNING">WARNING and worse</option>
          <option value="ERROR">ERROR only</option>
        </Select>
      </Field>
    </div>
  )
}
