'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import { type SourceKindItem, useCreateEnvironment, useCreateSource } from '#app/_data/source-changes.ts'
import { parseTags } from '#app/_data/tags.ts'
import { Choice, describedBy, Field, Input } from '#app/_ui/field.tsx'
import { typeNames } from '#app/_ui/format.ts'
import { Panel } from '#app/_ui/panel.tsx'
import { errorOf } from '#app/_ui/settings-form/fields.tsx'
import { RepositoryChoice } from '../editor/repository-choice.tsx'
import { SettingsEditor } from '../editor/settings-editor.tsx'
import { TagsField } from '../editor/tags-field.tsx'
import { EnvironmentChoice, NEW } from './environment-choice.tsx'

interface Props {
  environments: { id: string; name: string }[]
  kinds: SourceKindItem[]
}

/** Adds a source, and its environment when that is new too. */
export function NewSource({ environments, kinds }: Props) {
  const router = useRouter()
  const [environment, setEnvironment] = useState(environments[0]?.name ?? NEW)
  const [newEnvironment, setNewEnvironment] = useState({ name: '', protected: false })
  const [name, setName] = useState('')
  const [repositoryId, setRepositoryId] = useState<string | null>(null)
  const [tags, setTags] = useState('')
  const [kindName, setKindName] = useState(kinds[0]?.kind ?? '')
  const [issues, setIssues] = useState<NonNullable<Problem['issues']>>([])
  const createEnvironment = useCreateEnvironment()
  const createSource = useCreateSource()
  const kind = kinds.find((one) => one.kind === kindName)
  if (!kind) return null
  const outer = {
    name: 'source',
    issues: issues.map((issue) => ({ ...issue, path: `source.${issue.path}` })),
    secretsSet: [],
  }
  const nameError = errorOf(outer, 'name')

  async function save(settings: Record<string, unknown>, untested: boolean): Promise<Problem | null> {
    try {
      let place = environment
      if (place === NEW) {
        const made = await createEnvironment.mutateAsync(newEnvironment)
        if (made.__typename !== 'CreateEnvironmentSuccess')
          return { ...made, issues: made.issues.map((issue) => ({ ...issue, path: 'environment' })) }
        place = made.environment.name
        setEnvironment(place) // it is there now, even if the source is refused
      }
      const added = await createSource.mutateAsync({
        environment: place,
        name,
        kind: kindName,
        settings,
        untested,
        repositoryId,
        tags: parseTags(tags),
      })
      if (added.__typename === 'CreateSourceSuccess') router.push('/sources')
      return problemIn(added, null)
    } catch (error) {
      return problemIn(undefined, error)
    }
  }

  return (
    <SettingsEditor
      kind={kind}
      settings={null}
      secretsSet={[]}
      candidate={{ environment: environment === NEW ? newEnvironment.name : environment, kind: kindName }}
      save={save}
      saveWords="Add the source"
      onIssues={setIssues}
    >
      <Panel title="Kind">
        <fieldset>
          <legend className="sr-only">What it is</legend>
          <div className="grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
            {kinds.map((one) => (
              <Choice
                key={one.kind}
                kind="radio"
                name="kind"
                checked={one.kind === kindName}
                onChange={() => setKindName(one.kind)}
                detail={typeNames[one.type]}
              >
                {one.title}
              </Choice>
            ))}
          </div>
        </fieldset>
      </Panel>
      <Panel title="Name and place">
        <div className="grid gap-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Name" htmlFor="name" hint="Under which people find it, such as shop." error={nameError}>
              <Input
                id="name"
                aria-required
                autoComplete="off"
                value={name}
                onChange={(event) => setName(event.target.value)}
                {...describedBy('name', { hint: true, error: nameError })}
              />
            </Field>
            <RepositoryChoice value={repositoryId} onChange={setRepositoryId} error={errorOf(outer, 'repositoryId')} />
            <TagsField value={tags} onChange={setTags} error={errorOf(outer, 'tags')} />
          </div>
          <EnvironmentChoice
            environments={environments}
            environment={environment}
            onChange={setEnvironment}
            added={newEnvironment}
            onAdd={setNewEnvironment}
            error={errorOf(outer, 'environment')}
          />
        </div>
      </Panel>
    </SettingsEditor>
  )
}
