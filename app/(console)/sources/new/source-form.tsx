'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { useCreateEnvironment, useCreateSource } from '#app/_data/create-source.ts'
import { Button } from '#app/_ui/button.tsx'
import { Choice, Field, Input, Select } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { type Draft, emptyDraft, settingsOf } from './draft.ts'
import { SettingsFields } from './settings-fields.tsx'

const NEW = ''

/** Adds a source, and its environment when that is new too. The server looks at the source before it keeps it. */
export function SourceForm({ environments }: { environments: { id: string; name: string }[] }) {
  const router = useRouter()
  const [environment, setEnvironment] = useState(environments[0]?.name ?? NEW)
  const [newEnvironment, setNewEnvironment] = useState({ name: '', protected: false })
  const [name, setName] = useState('')
  const [draft, setDraft] = useState<Draft>(emptyDraft)
  const createEnvironment = useCreateEnvironment()
  const createSource = useCreateSource()
  const isBusy = createEnvironment.isPending || createSource.isPending
  const refusals = [createEnvironment.data, createSource.data].filter((answer) => answer?.__typename === 'Problem')
  const error = createEnvironment.error ?? createSource.error

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    createEnvironment.reset()
    createSource.reset()
    try {
      let chosen = environment
      if (chosen === NEW) {
        const made = await createEnvironment.mutateAsync(newEnvironment)
        if (made.__typename !== 'CreateEnvironmentSuccess') return
        chosen = made.environment.name
        setEnvironment(chosen) // it is there now, even if the source is refused
      }
      const added = await createSource.mutateAsync({
        environment: chosen,
        name,
        kind: draft.kind,
        settings: settingsOf(draft),
      })
      if (added.__typename === 'CreateSourceSuccess') router.push('/sources')
    } catch {
      // shown below
    }
  }

  return (
    <form onSubmit={submit} className="max-w-3xl">
      <Panel title="Where it belongs">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Environment" htmlFor="environment">
            <Select id="environment" value={environment} onChange={(event) => setEnvironment(event.target.value)}>
              {[...new Set([...environments.map((one) => one.name), environment])]
                .filter((one) => one !== NEW)
                .map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
              <option value={NEW}>A new environment …</option>
            </Select>
          </Field>
          {environment === NEW ? (
            <Field label="Name of the new environment" htmlFor="new-environment">
              <Input
                id="new-environment"
                required
                value={newEnvironment.name}
                onChange={(event) => setNewEnvironment({ ...newEnvironment, name: event.target.value })}
                placeholder="production"
              />
            </Field>
          ) : null}
        </div>
        {environment === NEW ? (
          <div className="mt-4">
            <Choice
              kind="checkbox"
              name="protected"
              checked={newEnvironment.protected}
              onChange={(isProtected) => setNewEnvironment({ ...newEnvironment, protected: isProtected })}
              detail="The console asks before a backup of it is triggered."
            >
              Protected
            </Choice>
          </div>
        ) : null}
      </Panel>
      <Panel title="What it is">
        <div className="grid gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Name" htmlFor="name">
              <Input
                id="name"
                required
                value={name}
                onChange={(event) => setName(event.target.value)}
                placeholder="shop"
              />
            </Field>
            <Field label="Kind" htmlFor="kind">
              <Select
                id="kind"
                value={draft.kind}
                onChange={(event) => setDraft({ ...draft, kind: event.target.value as Draft['kind'] })}
              >
                <option value="postgres">PostgreSQL database</option>
                <option value="sqlite">SQLite database</option>
                <option value="user-data">User-data export</option>
                <option value="files">Folders</option>
              </Select>
            </Field>
          </div>
          <SettingsFields draft={draft} change={(changed) => setDraft({ ...draft, ...changed })} />
        </div>
      </Panel>
      <div aria-live="polite" className="mb-4 empty:hidden">
        {refusals.map((problem) =>
          problem?.__typename === 'Problem' ? <ProblemNotice key={problem.code} problem={problem} /> : null,
        )}
        {error ? <ProblemNotice problem={asProblem(error)} /> : null}
      </div>
      <Button type="submit" look="main" size="large" disabled={isBusy}>
        {isBusy ? 'Looking at it …' : 'Add the source'}
      </Button>
    </form>
  )
}
