import { Choice, describedBy, Field, Input } from '#app/_ui/field.tsx'
import type { Draft } from './draft.ts'

interface Props {
  draft: Draft
  change: (part: Partial<Draft>) => void
  issueOf: (path: string) => string | undefined
}

/** Who is told about the backups of a plan, and of what. */
export function NotifyFields({ draft, change, issueOf }: Props) {
  const error = issueOf('notifyRecipients')
  return (
    <div className="grid gap-4">
      <Field
        label="Who is told by mail"
        htmlFor="notifyRecipients"
        hint="Addresses with commas between. Empty: the recipients on the page Notifications."
        error={error}
      >
        <Input
          id="notifyRecipients"
          inputMode="email"
          autoComplete="off"
          value={draft.notifyRecipients}
          onChange={(event) => change({ notifyRecipients: event.target.value })}
          {...describedBy('notifyRecipients', { hint: true, error })}
        />
      </Field>
      <div className="grid gap-2 sm:grid-cols-2">
        <Choice
          kind="checkbox"
          name="notifyOnSuccess"
          checked={draft.notifyOnSuccess}
          onChange={(notifyOnSuccess) => change({ notifyOnSuccess })}
          detail="When all of a backup was saved."
        >
          Of success
        </Choice>
        <Choice
          kind="checkbox"
          name="notifyOnFailure"
          checked={draft.notifyOnFailure}
          onChange={(notifyOnFailure) => change({ notifyOnFailure })}
          detail="Also of what is incomplete, cancelled or missed, and of hooks that failed."
        >
          Of failure
        </Choice>
      </div>
    </div>
  )
}
