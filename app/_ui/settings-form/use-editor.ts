import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Problem } from '#app/_data/problem.ts'
import { type Draft, draftOf, settingsOf } from './draft.ts'
import type { FormNode } from './schema.ts'

type Issues = NonNullable<Problem['issues']>

interface Given {
  /** Which form it is; what was filled in is kept by it, so that a look at another one loses nothing. */
  kind: string
  form: FormNode
  /** The stored ones; null for something new. */
  settings: Record<string, unknown> | null
  /** Told what was wrong with fields outside the form, too. */
  onIssues?: (issues: Issues) => void
  /** What is shown about the settings as they were is to go. */
  onChange?: (isOtherKind: boolean) => void
}

/** What an editor of generated settings holds: the draft, what is wrong with it, and how it is saved. */
export function useEditor({ kind, form, settings, onIssues, onChange }: Given) {
  const [drafts, setDrafts] = useState<Record<string, Draft>>({})
  const draft = drafts[kind] ?? draftOf(form, settings ?? undefined)
  const [issues, setIssues] = useState<Issues>([])
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const [isSaving, setSaving] = useState(false)
  const element = useRef<HTMLFormElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the issues change, to the first of their fields
  useEffect(() => {
    element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [issues])

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was found is about the kind before
  useEffect(() => {
    onChange?.(true)
    forget()
  }, [kind])

  function note(problem: Problem | null): void {
    setIssues(problem?.issues ?? [])
    onIssues?.(problem?.issues ?? [])
  }
  function forget(): void {
    setRefusal(null)
    note(null)
  }
  function change(changed: Draft): void {
    setDrafts({ ...drafts, [kind]: changed })
    setRefusal(null)
    onChange?.(false)
  }
  /** Shows what was wrong with the fields; its other words are shown by whoever looked. */
  async function look(ask: () => Promise<Problem | null>): Promise<void> {
    forget()
    note(await ask().catch(() => null))
  }
  async function submit(save: () => Promise<Problem | null>): Promise<void> {
    setSaving(true)
    forget()
    const problem = await save()
    setSaving(false)
    setRefusal(problem)
    note(problem)
  }

  return {
    draft,
    change,
    /** What the draft stands for. */
    current: () => settingsOf(form, draft) as Record<string, unknown>,
    issues,
    refusal,
    isSaving,
    look,
    submit,
    /** Of the form element. */
    frame: (save: () => Promise<Problem | null>) => ({
      ref: element,
      noValidate: true,
      onSubmit: (event: FormEvent) => {
        event.preventDefault()
        void submit(save)
      },
    }),
  }
}
