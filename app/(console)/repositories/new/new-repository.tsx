'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import type { RepositoryKindItem } from '#app/_data/repositories.ts'
import { useCreateRepository, useTestRepository } from '#app/_data/repository-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { Choice, describedBy, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { errorOf } from '#app/_ui/settings-form/fields.tsx'
import { RootFields } from '#app/_ui/settings-form/root-fields.tsx'
import type { FormNode } from '#app/_ui/settings-form/schema.ts'
import { useEditor } from '#app/_ui/settings-form/use-editor.ts'
import { CopyOfChoice } from './copy-of-choice.tsx'
import { PasswordField } from './password-field.tsx'
import { PlaceResult } from './place-result.tsx'

/** Makes a repository, or connects one that exists with its password. */
export function NewRepository({ kinds }: { kinds: RepositoryKindItem[] }) {
  const [kindName, setKindName] = useState(kinds[0]?.kind ?? '')
  const kind = kinds.find((one) => one.kind === kindName)
  return kind ? <Editor kinds={kinds} kind={kind} onKind={setKindName} /> : null
}

interface Props {
  kinds: RepositoryKindItem[]
  kind: RepositoryKindItem
  onKind: (kind: string) => void
}

function Editor({ kinds, kind, onKind }: Props) {
  const router = useRouter()
  const [name, setName] = useState('')
  const [existing, setExisting] = useState(false)
  const [password, setPassword] = useState('')
  const [copyOf, setCopyOf] = useState('')
  const create = useCreateRepository()
  const test = useTestRepository()
  const form = kind.form as FormNode
  const editor = useEditor({ kind: kind.kind, form, settings: null, onChange: () => test.stop() })
  const outer = {
    name: 'repository',
    issues: editor.issues.map((issue) => ({ ...issue, path: `repository.${issue.path}` })),
    secretsSet: [],
  }
  const nameError = errorOf(outer, 'name')
  const place = () => ({
    kind: kind.kind,
    settings: editor.current(),
    ...(password === '' ? {} : { password }),
  })

  function choose(isExisting: boolean): void {
    setExisting(isExisting)
    test.stop()
  }
  async function save(): Promise<Problem | null> {
    test.stop()
    try {
      const answer = await create.mutateAsync({
        ...place(),
        name,
        existing,
        ...(copyOf === '' || existing ? {} : { copyOf }),
      })
      if (answer.__typename === 'CreateRepositorySuccess') router.push(`/repositories/${answer.repository.id}`)
      return problemIn(answer, null)
    } catch (error) {
      return problemIn(undefined, error)
    }
  }
  const isBusy = test.isPending || editor.isSaving

  return (
    <form className="max-w-3xl" {...editor.frame(save)}>
      <Panel title="What to do">
        <fieldset>
          <legend className="sr-only">What to do</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            <Choice
              kind="radio"
              name="existing"
              checked={!existing}
              onChange={() => choose(false)}
              detail="An empty place becomes a repository."
            >
              Make a new one
            </Choice>
            <Choice
              kind="radio"
              name="existing"
              checked={existing}
              onChange={() => choose(true)}
              detail="Any restic repository, with its password. What is in it stays as it is."
            >
              Connect one that exists
            </Choice>
          </div>
        </fieldset>
      </Panel>
      <Panel title="Kind">
        <fieldset>
          <legend className="sr-only">Kind of place</legend>
          <div className="grid gap-2 grid-cols-2 lg:grid-cols-4">
            {kinds.map((one) => (
              <Choice
                key={one.kind}
                kind="radio"
                name="kind"
                checked={one.kind === kind.kind}
                onChange={() => onKind(one.kind)}
              >
                {one.title}
              </Choice>
            ))}
          </div>
        </fieldset>
      </Panel>
      <Panel title="Name and password">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Name" htmlFor="name" hint="Under which people find it, such as offsite." error={nameError}>
            <Input
              id="name"
              aria-required
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
              {...describedBy('name', { hint: true, error: nameError })}
            />
          </Field>
          <PasswordField
            existing={existing}
            password={password}
            onChange={(typed) => {
              setPassword(typed)
              test.stop()
            }}
            error={errorOf(outer, 'password')}
          />
          {existing ? null : <CopyOfChoice value={copyOf} onChange={setCopyOf} error={errorOf(outer, 'copyOf')} />}
        </div>
      </Panel>
      <Panel title={`Settings of the place: ${kind.title}`}>
        <RootFields
          node={form}
          draft={editor.draft}
          context={{ name: 'settings', issues: editor.issues, secretsSet: [] }}
          onChange={editor.change}
        />
      </Panel>
      <Panel title="Try it before it is saved">
        <div className="flex flex-wrap gap-2">
          <Button
            disabled={isBusy}
            onClick={() => void editor.look(async () => problemIn(await test.mutateAsync(place()), null))}
          >
            {test.isPending ? 'Testing, up to ten seconds …' : 'Test the place'}
          </Button>
          {test.isPending ? (
            <Button look="quiet" onClick={test.stop}>
              Stop looking
            </Button>
          ) : null}
        </div>
        <div aria-live="polite" data-tight className="mt-4 grid gap-4 empty:hidden">
          <PlaceResult test={test} existing={existing} />
        </div>
      </Panel>
      <div aria-live="polite" className="empty:hidden">
        {editor.refusal ? <ProblemNotice problem={asProblem(editor.refusal)} /> : null}
      </div>
      <div className="mb-8">
        <Button type="submit" look="main" size="large" disabled={isBusy}>
          {editor.isSaving
            ? existing
              ? 'Connecting it …'
              : 'Making it …'
            : existing
              ? 'Connect the repository'
              : 'Make the repository'}
        </Button>
      </div>
    </form>
  )
}
