import { useState } from 'react'
import type { Problem } from '#app/_data/problem.ts'
import type { RepositoryDetail, RepositoryKindItem, RepositorySettings } from '#app/_data/repositories.ts'
import { Button } from '#app/_ui/button.tsx'
import { describedBy, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { errorOf } from '#app/_ui/settings-form/fields.tsx'
import { RootFields } from '#app/_ui/settings-form/root-fields.tsx'
import type { FormNode } from '#app/_ui/settings-form/schema.ts'
import { useEditor } from '#app/_ui/settings-form/use-editor.ts'

interface Props {
  repository: RepositoryDetail
  kind: RepositoryKindItem | undefined
  stored: RepositorySettings
  save: (change: { name: string; settings: Record<string, unknown> }) => Promise<Problem | null>
}

/** Its name, and how its place is reached: other keys, another address of the same repository. */
export function EditPlace({ repository, kind, stored, save }: Props) {
  const form = (kind?.form ?? {}) as FormNode
  const settings = (stored.repository?.settings ?? {}) as Record<string, unknown>
  const [name, setName] = useState(repository.name)
  const editor = useEditor({ kind: repository.kind, form, settings })
  const outer = {
    name: 'repository',
    issues: editor.issues.map((issue) => ({ ...issue, path: `repository.${issue.path}` })),
    secretsSet: [],
  }
  const nameError = errorOf(outer, 'name')
  if (!kind)
    return (
      <Notice tone="bad" title="This version does not know repositories of this kind.">
        Install the version that it was made with.
      </Notice>
    )
  return (
    <form className="max-w-3xl" {...editor.frame(() => save({ name, settings: editor.current() }))}>
      <Panel title={`Name and place: ${kind.title}`}>
        <div className="mb-4 grid gap-4 sm:grid-cols-2">
          <Field label="Name" htmlFor="name" error={nameError}>
            <Input
              id="name"
              aria-required
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
              {...describedBy('name', { error: nameError })}
            />
          </Field>
        </div>
        <RootFields
          node={form}
          draft={editor.draft}
          context={{ name: 'settings', issues: editor.issues, secretsSet: stored.repository?.secretsSet ?? [] }}
          onChange={editor.change}
        />
        <p className="mt-4 text-small text-ink-soft">
          Before a change is kept, the server looks whether the same repository opens there with its password.
        </p>
        <div aria-live="polite" data-tight className="mt-4 empty:hidden">
          {editor.refusal ? <ProblemNotice problem={asProblem(editor.refusal)} /> : null}
        </div>
        <Button type="submit" look="main" className="mt-4" disabled={editor.isSaving}>
          {editor.isSaving ? 'Looking at it …' : 'Save name and place'}
        </Button>
      </Panel>
    </form>
  )
}
