import { type FormEvent, useState } from 'react'
import { useCompareConfiguration } from '#app/_data/configuration.ts'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import { Button } from '#app/_ui/button.tsx'
import { Choice, Field, Input, TextArea } from '#app/_ui/field.tsx'
import { Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { ApplyChanges } from './apply-changes.tsx'
import { Changes } from './changes.tsx'

interface Reference {
  fromEnv: string | null
  fromFile: string | null
}

const wordOf = ({ fromEnv, fromFile }: Reference): string => fromEnv ?? fromFile ?? ''

/** A file, what it would change, and the way to change it. Another text is another comparison. */
export function CompareFile() {
  const [yaml, setYaml] = useState('')
  const [prune, setPrune] = useState(false)
  const [values, setValues] = useState<Record<string, string>>({})
  const compare = useCompareConfiguration()
  const [references, setReferences] = useState<Reference[]>([])
  const given = references.flatMap((reference) => {
    const value = values[wordOf(reference)]
    return value ? [{ ...reference, value }] : []
  })
  const input = { yaml, prune, secrets: given }
  const answer = compare.data?.diff
  const refusal = problemIn(answer, compare.error)
  const diff = answer?.__typename === 'ConfigurationDiff' ? answer : null

  function change(work: () => void): void {
    work()
    compare.reset()
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    compare.mutate(input, { onSuccess: (found) => setReferences(found.references) })
  }

  return (
    <>
      <Panel title="Compare a file with what is there">
        <form onSubmit={submit} data-tight className="grid gap-4">
          <Field label="Choose a file" htmlFor="configuration-file">
            <input
              id="configuration-file"
              type="file"
              accept=".yaml,.yml,text/yaml,text/plain"
              className="min-h-9 w-full min-w-0 text-small file:mr-3 file:min-h-9 file:cursor-pointer file:rounded-control file:border file:border-solid file:border-line-strong file:bg-sheet file:px-3.5 file:text-ink hover:file:bg-well"
              onChange={async (event) => {
                const text = await event.target.files?.[0]?.text()
                if (text !== undefined) change(() => setYaml(text))
              }}
            />
          </Field>
          <Field label="Or paste it" htmlFor="configuration-yaml">
            <TextArea
              id="configuration-yaml"
              rows={12}
              spellCheck={false}
              className="font-mono text-small"
              placeholder={'version: 1\nenvironments:\n  - name: production'}
              value={yaml}
              onChange={(event) => change(() => setYaml(event.target.value))}
            />
          </Field>
          <Choice
            kind="checkbox"
            name="prune"
            checked={prune}
            onChange={(checked) => change(() => setPrune(checked))}
            detail="Only in sections that the file has, and nothing that has a history."
          >
            Delete what is not in the file
          </Choice>
          {references.length > 0 ? (
            <Secrets references={references} values={values} onChange={(next) => change(() => setValues(next))} />
          ) : null}
          <Button type="submit" look="main" className="justify-self-start" disabled={yaml === '' || compare.isPending}>
            {compare.isPending ? 'Comparing …' : 'Compare'}
          </Button>
        </form>
      </Panel>
      <div aria-live="polite">
        {refusal ? <Refusal problem={refusal} /> : null}
        {diff ? <Changes diff={diff} /> : null}
      </div>
      {diff && diff.changes.length > 0 ? (
        <ApplyChanges key={diff.fingerprint} input={{ ...input, expected: diff.fingerprint }} diff={diff} />
      ) : null}
    </>
  )
}

interface SecretsProps {
  references: Reference[]
  values: Record<string, string>
  onChange: (values: Record<string, string>) => void
}

/** The server reads no variables and files for the console: a person enters what they hold. */
function Secrets({ references, values, onChange }: SecretsProps) {
  return (
    <fieldset className="grid gap-3 sm:grid-cols-2">
      <legend className="mb-2 text-small text-ink-soft">
        The secrets that the file takes from elsewhere. One that is empty stays as it is stored. Compare again after
        entering them.
      </legend>
      {references.map((reference) => {
        const name = wordOf(reference)
        return (
          <Field key={name} label={name} htmlFor={`secret-${name}`}>
            <Input
              id={`secret-${name}`}
              type="password"
              autoComplete="off"
              value={values[name] ?? ''}
              onChange={(event) => onChange({ ...values, [name]: event.target.value })}
            />
          </Field>
        )
      })}
    </fieldset>
  )
}

/** Each thing that is wrong on its own line. */
function Refusal({ problem }: { problem: Problem }) {
  if (!problem.issues || problem.issues.length === 0) return <ProblemNotice problem={problem} />
  return (
    <Notice tone="bad" title="The file cannot be applied. Nothing was changed." urgent>
      <ul className="grid gap-1">
        {problem.issues.map((issue) => (
          <li key={`${issue.path} ${issue.problem}`} className="wrap-anywhere">
            {issue.problem} {issue.path === '' ? null : <code className="text-small text-ink-soft">{issue.path}</code>}
          </li>
        ))}
      </ul>
    </Notice>
  )
}
