'use client'

import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { type SourceKindItem, useDiscoverSource, usePreviewSource, useTestSource } from '#app/_data/source-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { fill } from '#app/_ui/settings-form/choose.ts'
import { type Draft, draftOf, settingsOf } from '#app/_ui/settings-form/draft.ts'
import { RootFields } from '#app/_ui/settings-form/root-fields.tsx'
import type { FormNode } from '#app/_ui/settings-form/schema.ts'
import { Discovered, PreviewResult, TestResult } from './look-results.tsx'
import { isAboutLooking, type Problem, problemIn } from './problem.ts'

interface Props {
  kind: SourceKindItem
  /** The stored ones; null for a new source. */
  settings: Record<string, unknown> | null
  secretsSet: readonly string[]
  /** What is looked at, without settings: a source by its id, or one to be added. */
  candidate: { id: string } | { environment: string; kind: string }
  /** Answers the refusal; null when it is saved. */
  save: (settings: Record<string, unknown>, untested: boolean) => Promise<Problem | null>
  saveWords: string
  /** Told what was wrong with fields outside the settings, too. */
  onIssues: (issues: NonNullable<Problem['issues']>) => void
  children: ReactNode
}

/** The settings of a source, made from its kind's form, with ways to look at it before it is saved. */
export function SettingsEditor(props: Props) {
  const { kind, settings, secretsSet, candidate, save, saveWords, onIssues, children } = props
  const form = kind.form as FormNode
  // By kind, so that a look at another one loses nothing.
  const [drafts, setDrafts] = useState<Record<string, Draft>>({})
  const draft = drafts[kind.kind] ?? draftOf(form, settings ?? undefined)
  const [chosen, setChosen] = useState<string[]>([])
  const [issues, setIssues] = useState<NonNullable<Problem['issues']>>([])
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const [isSaving, setSaving] = useState(false)
  const test = useTestSource()
  const discover = useDiscoverSource()
  const preview = usePreviewSource()
  const element = useRef<HTMLFormElement>(null)
  const looking = test.isPending || discover.isPending || preview.isPending

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the issues change, to the first of their fields
  useEffect(() => {
    element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [issues])

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was found is about the kind before
  useEffect(() => {
    stop()
    setChosen([])
    setRefusal(null)
    note(null)
  }, [kind.kind])

  const current = () => settingsOf(form, draft) as Record<string, unknown>
  function stop(): void {
    for (const one of [test, discover, preview]) one.stop()
  }
  function note(problem: Problem | null): void {
    setIssues(problem?.issues ?? [])
    onIssues(problem?.issues ?? [])
  }
  function change(changed: Draft): void {
    setDrafts({ ...drafts, [kind.kind]: changed })
    setRefusal(null)
    test.reset()
    preview.reset()
  }
  function choose(names: string[]): void {
    const { field = '', listField } = kind.discovery ?? {}
    const [only = ''] = names
    const [one, several] = [names.length > 1 ? '' : only, names.length > 1 ? names : []]
    setChosen(names)
    let next: Draft = draft
    // Only the one that is filled last may choose between alternatives.
    const filled: [string, unknown][] = [
      [field, one],
      [listField ?? '', several],
    ]
    for (const [path, value] of names.length > 1 ? filled : filled.toReversed())
      if (path !== '') next = fill(form, next, path, value) ?? next
    change(next)
  }
  async function look(by: typeof test | typeof discover | typeof preview): Promise<void> {
    setRefusal(null)
    note(null)
    try {
      note(problemIn(await by.mutateAsync({ ...candidate, settings: current() }), null))
    } catch {
      // shown with its result
    }
  }
  async function submit(untested: boolean): Promise<void> {
    setSaving(true)
    note(null)
    setRefusal(null)
    const problem = await save(current(), untested)
    setSaving(false)
    setRefusal(problem)
    note(problem)
  }

  return (
    <form
      ref={element}
      noValidate
      className="max-w-3xl"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        void submit(false)
      }}
    >
      {children}
      <Panel title={`Settings of the ${kind.title} source`}>
        <RootFields node={form} draft={draft} context={{ name: 'settings', issues, secretsSet }} onChange={change} />
        {kind.discovery ? (
          <div className="mt-5 border-t border-line pt-4">
            <Button onClick={() => void look(discover)} disabled={looking || isSaving} className="mb-3">
              {discover.isPending ? 'Asking the server …' : 'Find what is on the server'}
            </Button>
            <div aria-live="polite">
              <Discovered
                discover={discover}
                several={kind.discovery.listField !== null}
                chosen={chosen}
                onChoose={choose}
              />
            </div>
          </div>
        ) : null}
      </Panel>
      <Panel title="Try it before it is saved">
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => void look(test)} disabled={looking || isSaving}>
            {test.isPending ? 'Testing …' : 'Test connection'}
          </Button>
          {kind.previewable ? (
            <Button onClick={() => void look(preview)} disabled={looking || isSaving}>
              {preview.isPending ? 'Counting …' : 'Preview what is saved'}
            </Button>
          ) : null}
          {looking ? (
            <Button look="quiet" onClick={stop}>
              Stop looking
            </Button>
          ) : null}
        </div>
        <div aria-live="polite" data-tight className="mt-4 grid gap-4 empty:hidden">
          <TestResult test={test} />
          <PreviewResult preview={preview} />
        </div>
      </Panel>
      <div aria-live="polite" className="empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
      <div className="mb-8 flex flex-wrap gap-2">
        <Button type="submit" look="main" size="large" disabled={isSaving || looking}>
          {isSaving ? 'Looking at it …' : saveWords}
        </Button>
        {refusal && isAboutLooking(refusal) ? (
          <Button size="large" disabled={isSaving} onClick={() => void submit(true)}>
            Save it anyway, untested
          </Button>
        ) : null}
      </div>
    </form>
  )
}
