'use client'

import { type ReactNode, useState } from 'react'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import { type SourceKindItem, useDiscoverSource, usePreviewSource, useTestSource } from '#app/_data/source-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { fill } from '#app/_ui/settings-form/choose.ts'
import type { Draft } from '#app/_ui/settings-form/draft.ts'
import { RootFields } from '#app/_ui/settings-form/root-fields.tsx'
import type { FormNode } from '#app/_ui/settings-form/schema.ts'
import { useEditor } from '#app/_ui/settings-form/use-editor.ts'
import { isAboutLooking } from './about-looking.ts'
import { Discovered, PreviewResult, TestResult } from './look-results.tsx'

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
  const [chosen, setChosen] = useState<string[]>([])
  const test = useTestSource()
  const discover = useDiscoverSource()
  const preview = usePreviewSource()
  const looking = test.isPending || discover.isPending || preview.isPending
  const editor = useEditor({
    kind: kind.kind,
    form,
    settings,
    onIssues,
    onChange(isOtherKind) {
      test.stop()
      preview.stop()
      if (!isOtherKind) return
      discover.stop()
      setChosen([])
    },
  })

  function stop(): void {
    for (const one of [test, discover, preview]) one.stop()
  }
  function choose(names: string[]): void {
    const { field = '', listField } = kind.discovery ?? {}
    const [only = ''] = names
    const [one, several] = [names.length > 1 ? '' : only, names.length > 1 ? names : []]
    setChosen(names)
    let next: Draft = editor.draft
    // Only the one that is filled last may choose between alternatives.
    const filled: [string, unknown][] = [
      [field, one],
      [listField ?? '', several],
    ]
    for (const [path, value] of names.length > 1 ? filled : filled.toReversed())
      if (path !== '') next = fill(form, next, path, value) ?? next
    editor.change(next)
  }
  const look = (by: typeof test | typeof discover | typeof preview) =>
    void editor.look(async () => problemIn(await by.mutateAsync({ ...candidate, settings: editor.current() }), null))
  const saveIt = (untested: boolean) => () => save(editor.current(), untested)
  const isBusy = looking || editor.isSaving
  const { refusal } = editor

  return (
    <form className="max-w-3xl" {...editor.frame(saveIt(false))}>
      {children}
      <Panel title={`Settings of the ${kind.title} source`}>
        <RootFields
          node={form}
          draft={editor.draft}
          context={{ name: 'settings', issues: editor.issues, secretsSet }}
          onChange={editor.change}
        />
        {kind.discovery ? (
          <div className="mt-5 border-t border-line pt-4">
            <Button onClick={() => look(discover)} disabled={isBusy} className="mb-3">
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
          <Button onClick={() => look(test)} disabled={isBusy}>
            {test.isPending ? 'Testing …' : 'Test connection'}
          </Button>
          {kind.previewable ? (
            <Button onClick={() => look(preview)} disabled={isBusy}>
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
        <Button type="submit" look="main" size="large" disabled={isBusy}>
          {editor.isSaving ? 'Looking at it …' : saveWords}
        </Button>
        {refusal && isAboutLooking(refusal) ? (
          <Button size="large" disabled={editor.isSaving} onClick={() => void editor.submit(saveIt(true))}>
            Save it anyway, untested
          </Button>
        ) : null}
      </div>
    </form>
  )
}
