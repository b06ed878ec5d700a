'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import { type SourceDetail, type SourceKindItem, useUpdateSource } from '#app/_data/source-changes.ts'
import { parseTags } from '#app/_data/tags.ts'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { describedBy, Field, Input, TextArea } from '#app/_ui/field.tsx'
import { Notice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { errorOf } from '#app/_ui/settings-form/fields.tsx'
import { assertionDrafts, assertionInputs } from '../editor/assertion-draft.ts'
import { AssertionsFields } from '../editor/assertions-fields.tsx'
import { RepositoryChoice } from '../editor/repository-choice.tsx'
import { SettingsEditor } from '../editor/settings-editor.tsx'
import { TagsField } from '../editor/tags-field.tsx'
import { SourceSwitches } from './source-switches.tsx'

interface Props {
  source: SourceDetail
  kind: SourceKindItem | undefined
}

export function EditSource({ source, kind }: Props) {
  const router = useRouter()
  const [name, setName] = useState(source.name)
  const [repositoryId, setRepositoryId] = useState(source.repositoryId)
  const [tags, setTags] = useState(source.tags.join(', '))
  const [maxAge, setMaxAge] = useState(source.maxAgeHours === null ? '' : String(source.maxAgeHours))
  const [assertions, setAssertions] = useState(() => assertionDrafts(source.assertions ?? []))
  const [maskingSql, setMaskingSql] = useState(source.maskingSql ?? '')
  const [issues, setIssues] = useState<NonNullable<Problem['issues']>>([])
  const update = useUpdateSource()
  const outer = {
    name: 'source',
    issues: issues.map((issue) => ({ ...issue, path: `source.${issue.path}` })),
    secretsSet: [],
  }
  const nameError = errorOf(outer, 'name')

  async function save(settings: Record<string, unknown>, untested: boolean): Promise<Problem | null> {
    try {
      const change = {
        id: source.id,
        name,
        settings,
        untested,
        repositoryId,
        tags: parseTags(tags),
        maxAgeHours: maxAge.trim() === '' ? null : Number(maxAge),
        assertions: assertionInputs(assertions),
        ...(source.mayBeMasked && { maskingSql }),
      }
      const answer = await update.mutateAsync(change)
      if (answer.__typename === 'UpdateSourceSuccess') router.push('/sources')
      return problemIn(answer, null)
    } catch (error) {
      return problemIn(undefined, error)
    }
  }

  return (
    <>
      <title>{`${source.name} · System Backup Trigger`}</title>
      <PageHead
        title={source.name}
        intro={
          <span className="flex flex-wrap items-center gap-x-3">
            {source.kindTitle}
            <EnvironmentTag environment={source.environment} />
            {source.enabled ? null : <span className="font-medium text-warn">Disabled</span>}
          </span>
        }
        actions={<SourceSwitches source={source} />}
      />
      {source.settingsMissing ? (
        <Notice tone="warn" title="Its settings are missing: it came back with a repository, which does not hold them.">
          Enter them, save, and enable the source. It goes on with its own history.
        </Notice>
      ) : null}
      {kind === undefined ? (
        <Notice tone="bad" title="This version cannot back up sources of this kind.">
          Delete the source, or install the version that it was made with.
        </Notice>
      ) : (
        <SettingsEditor
          kind={kind}
          settings={source.settings as Record<string, unknown>}
          secretsSet={source.secretsSet}
          candidate={{ id: source.id }}
          save={save}
          saveWords="Save the changes"
          onIssues={setIssues}
        >
          <Panel title="Name and place">
            <div className="grid gap-4 sm:grid-cols-2">
              <Field
                label="Name"
                htmlFor="name"
                hint="Backups so far are listed under the new name, too."
                error={nameError}
              >
                <Input
                  id="name"
                  aria-required
                  autoComplete="off"
                  value={name}
                  onChange={(event) => setName(event.target.value)}
                  {...describedBy('name', { hint: true, error: nameError })}
                />
              </Field>
              <RepositoryChoice
                value={repositoryId}
                onChange={setRepositoryId}
                error={errorOf(outer, 'repositoryId')}
              />
              <TagsField value={tags} onChange={setTags} error={errorOf(outer, 'tags')} />
              <Field
                label="A good backup at most … hours old"
                htmlFor="max-age"
                hint="Else it is late, and people are told. Empty: as its plans say."
                error={errorOf(outer, 'maxAgeHours')}
              >
                <Input
                  id="max-age"
                  inputMode="numeric"
                  autoComplete="off"
                  value={maxAge}
                  onChange={(event) => setMaxAge(event.target.value)}
                  {...describedBy('max-age', { hint: true, error: errorOf(outer, 'maxAgeHours') })}
                />
              </Field>
            </div>
          </Panel>
          <Panel title="What a verification asserts">
            <AssertionsFields assertions={assertions} change={setAssertions} issueOf={(path) => errorOf(outer, path)} />
          </Panel>
          {source.mayBeMasked ? (
            <Panel title="In other environments">
              <Field
                label="Masking SQL"
                htmlFor="masking-sql"
                hint="Run in a database that is restored from this source in another environment, before anybody sees it there. If it fails, nothing is left there. Empty: none."
                error={errorOf(outer, 'maskingSql')}
              >
                <TextArea
                  id="masking-sql"
                  rows={5}
                  spellCheck={false}
                  className="font-mono text-small"
                  placeholder="UPDATE customers SET email = 'customer-' || id || '@example.org';"
                  value={maskingSql}
                  onChange={(event) => setMaskingSql(event.target.value)}
                  {...describedBy('masking-sql', { hint: true, error: errorOf(outer, 'maskingSql') })}
                />
              </Field>
            </Panel>
          ) : null}
        </SettingsEditor>
      )}
    </>
  )
}
