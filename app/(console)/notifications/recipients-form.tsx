'use client'

import { type FormEvent, useState } from 'react'
import { useSetRecipients } from '#app/_data/notifications.ts'
import { Button } from '#app/_ui/button.tsx'
import { Field, TextArea } from '#app/_ui/field.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'

/** Addresses as people paste them: one a line, or with commas or semicolons between. Each once, in their order. */
export function parseRecipients(text: string): string[] {
  const addresses = text
    .split(/[\s,;]+/)
    .map((address) => address.trim())
    .filter((address) => address !== '')
  return [...new Set(addresses)]
}

export function RecipientsForm({ recipients, readOnly }: { recipients: string[]; readOnly: boolean }) {
  const saved = recipients.join('\n')
  const [text, setText] = useState(saved)
  const save = useSetRecipients()
  const changed = parseRecipients(text).join('\n') !== saved

  function submit(event: FormEvent): void {
    event.preventDefault()
    save.mutate(parseRecipients(text))
  }

  return (
    <form onSubmit={submit} data-tight className="grid gap-3">
      <Field
        label="Email addresses, one a line"
        htmlFor="recipients"
        hint="Everybody here is told when a backup succeeds, fails or is only partly saved."
      >
        <TextArea
          id="recipients"
          aria-describedby="recipients-hint"
          rows={5}
          spellCheck={false}
          readOnly={readOnly}
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder="admin@example.org"
        />
      </Field>
      <div aria-live="polite" className="empty:hidden">
        {save.data?.__typename === 'SetRecipientsSuccess' && !changed ? (
          <Notice tone="good" title="The recipients are saved." />
        ) : null}
        {save.data?.__typename === 'Problem' ? <ProblemNotice problem={save.data} /> : null}
        {save.error ? <ProblemNotice problem={asProblem(save.error)} /> : null}
      </div>
      {readOnly ? (
        <p className="text-small text-ink-soft">Your role may read the recipients but not change them.</p>
      ) : (
        <Button type="submit" look="main" className="justify-self-start" disabled={!changed || save.isPending}>
          {save.isPending ? 'Saving …' : 'Save recipients'}
        </Button>
      )}
    </form>
  )
}
