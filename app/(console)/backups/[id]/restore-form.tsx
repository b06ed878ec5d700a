import { useRouter } from 'next/navigation'
import { type FormEvent, useId, useState } from 'react'
import type { RunDetail } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useTriggerRestore } from '#app/_data/restores.ts'
import { Button } from '#app/_ui/button.tsx'
import { Field, Input } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { randomKey } from '#app/_ui/random-key.ts'

/** Where a run's snapshot is to be brought; the name of its environment besides, when that is protected. */
export function RestoreForm({ run, onDone }: { run: RunDetail; onDone: () => void }) {
  const id = useId()
  const router = useRouter()
  const trigger = useTriggerRestore()
  // One key per form: however often a shaky line makes people press the button, one restore starts.
  const [idempotencyKey, setKey] = useState(randomKey)
  const [folder, setFolder] = useState('')
  const [confirmed, setConfirmed] = useState('')
  const { environment } = run.source
  const refusal = problemIn(trigger.data, trigger.error)
  function submit(event: FormEvent): void {
    event.preventDefault()
    const input = { runId: run.id, folder, idempotencyKey, ...(confirmed && { confirmEnvironment: confirmed }) }
    trigger.mutate(input, {
      onSuccess: (answer) => {
        if (answer.__typename === 'TriggerRestoreSuccess') router.push(`/restores/${answer.restore.id}`)
        else setKey(randomKey())
      },
    })
  }
  return (
    <form onSubmit={submit} className="grid max-w-xl gap-3">
      <Field
        label="Folder on the worker"
        htmlFor={`${id}-folder`}
        hint="Absolute, inside its STORAGE_ROOTS, and empty or absent. Nothing that is there is written over."
      >
        <Input
          id={`${id}-folder`}
          aria-required
          aria-describedby={`${id}-folder-hint`}
          autoComplete="off"
          spellCheck={false}
          placeholder="/srv/restored/shop"
          value={folder}
          onChange={(event) => setFolder(event.target.value)}
        />
      </Field>
      {environment.protected ? (
        <Field label={`The environment is protected: type its name, ${environment.name}`} htmlFor={`${id}-confirm`}>
          <Input
            id={`${id}-confirm`}
            autoComplete="off"
            value={confirmed}
            onChange={(event) => setConfirmed(event.target.value)}
          />
        </Field>
      ) : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="main" disabled={trigger.isPending || folder.trim() === ''}>
          {trigger.isPending ? 'Starting …' : 'Restore'}
        </Button>
        <Button onClick={onDone}>Do not restore</Button>
      </div>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </form>
  )
}
