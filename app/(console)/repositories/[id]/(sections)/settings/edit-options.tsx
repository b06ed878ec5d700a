import type { Problem } from '#app/_data/problem.ts'
import type { RepositorySettings } from '#app/_data/repositories.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { RootFields } from '#app/_ui/settings-form/root-fields.tsx'
import type { FormNode } from '#app/_ui/settings-form/schema.ts'
import { useEditor } from '#app/_ui/settings-form/use-editor.ts'

interface Props {
  stored: RepositorySettings
  save: (change: { options: Record<string, unknown> }) => Promise<Problem | null>
}

/** Limits, window and upkeep. */
export function EditOptions({ stored, save }: Props) {
  const form = stored.repositoryOptionsForm as FormNode
  const options = (stored.repository?.options ?? {}) as Record<string, unknown>
  const editor = useEditor({ kind: 'options', form, settings: options })
  return (
    <form className="max-w-3xl" {...editor.frame(() => save({ options: editor.current() }))}>
      <Panel title="Limits and upkeep">
        <RootFields
          node={form}
          draft={editor.draft}
          context={{ name: 'options', issues: editor.issues, secretsSet: [] }}
          onChange={editor.change}
        />
        <div aria-live="polite" data-tight className="mt-4 empty:hidden">
          {editor.refusal ? <ProblemNotice problem={asProblem(editor.refusal)} /> : null}
        </div>
        <Button type="submit" look="main" className="mt-5" disabled={editor.isSaving}>
          {editor.isSaving ? 'Saving …' : 'Save limits and upkeep'}
        </Button>
      </Panel>
    </form>
  )
}
