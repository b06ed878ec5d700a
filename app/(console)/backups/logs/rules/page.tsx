'use client'

import { CircleCheck, Plus, ScrollText, Trash2 } from 'lucide-react'
import Link from 'next/link'
import { type FormEvent, useEffect, useState } from 'react'
import {
  type LogRuleItem,
  type UnknownLine,
  useCreateLogRule,
  useDeleteLogRule,
  useLogRules,
} from '#app/_data/log-rules.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { Field, Input, Select } from '#app/_ui/field.tsx'
import { count } from '#app/_ui/format.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { SeverityMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import type { Severity } from '#graphql/documents/generated/graphql.ts'

export default function LogRulesPage() {
  const answer = useLogRules()
  const mayChange = useMayChange()
  const [pattern, setPattern] = useState('')
  return (
    <>
      <title>Rules for logs · System Backup Trigger</title>
      <BackLink href="/backups/logs">Search the logs</BackLink>
      <PageHead
        title="Rules for logs"
        intro="What a line of a log means, and what to do. The program knows many; these are your own. They hold for the logs of earlier backups, too."
      />
      {mayChange ? <NewRule key={pattern} pattern={pattern} /> : null}
      <Answered answer={answer} lines={6}>
        {({ logRules, unknownLogLines }) => (
          <>
            <Rules rules={logRules} mayChange={mayChange} />
            <Unknown
              lines={unknownLogLines}
              onTake={mayChange ? (line) => setPattern(patternOf(line.fingerprint)) : null}
            />
          </>
        )}
      </Answered>
    </>
  )
}

/** “open <path>: error <number>” is what lines have in common: “open *: error *”. */
const patternOf = (fingerprint: string): string =>
  fingerprint
    .replaceAll(/(?:<(?:time|id|name|path|number)>\W*)+/g, (found) => `*${/>(\W*)$/.exec(found)?.[1] ?? ''}`)
    .split('*')
    .slice(0, 6)
    .join('*')

/** Whoever has chosen a line goes on in the form. */
function NewRule({ pattern: given }: { pattern: string }) {
  const create = useCreateLogRule()
  const [pattern, setPattern] = useState(given)
  const [severity, setSeverity] = useState<Severity>('ERROR')
  const [cause, setCause] = useState('')
  const [remedy, setRemedy] = useState('')
  const refusal = problemIn(create.data, create.error)

  useEffect(() => {
    if (given !== '') document.getElementById('pattern')?.focus()
  }, [given])

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const answer = await create.mutateAsync({ pattern, severity, cause, remedy }).catch(() => null)
    if (answer?.__typename !== 'CreateLogRuleSuccess') return
    setPattern('')
    setCause('')
    setRemedy('')
  }
  return (
    <Panel title="A new rule">
      <form onSubmit={(event) => void submit(event)} className="grid max-w-3xl gap-4">
        <div className="grid gap-4 sm:grid-cols-[1fr_auto]">
          <Field
            label="What the line holds"
            htmlFor="pattern"
            hint="* stands for any text; capitals make no difference."
          >
            <Input
              id="pattern"
              className="font-mono"
              aria-describedby="pattern-hint"
              value={pattern}
              onChange={(event) => setPattern(event.target.value)}
            />
          </Field>
          <Field label="How grave it is" htmlFor="severity">
            <Select id="severity" value={severity} onChange={(event) => setSeverity(event.target.value as Severity)}>
              <option value="ERROR">Error</option>
              <option value="WARNING">Warning</option>
              <option value="INFO">Info</option>
            </Select>
          </Field>
        </div>
        <Field label="The cause" htmlFor="cause">
          <Input id="cause" value={cause} onChange={(event) => setCause(event.target.value)} />
        </Field>
        <Field label="What to do" htmlFor="remedy">
          <Input id="remedy" value={remedy} onChange={(event) => setRemedy(event.target.value)} />
        </Field>
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        <div>
          <Button type="submit" look="main" disabled={create.isPending}>
            <Plus aria-hidden className="size-4" />
            Add the rule
          </Button>
        </div>
      </form>
    </Panel>
  )
}

function Rules({ rules, mayChange }: { rules: LogRuleItem[]; mayChange: boolean }) {
  const remove = useDeleteLogRule()
  const refusal = problemIn(remove.data, remove.error)
  return (
    <Panel title="Your rules" flush>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      {rules.length === 0 ? (
        <Empty Icon={ScrollText} title="There is none yet">
          A rule makes the lines that you know a finding of their runs, in mails as well.
        </Empty>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Severity</th>
              <th scope="col">Cause, and what to do</th>
              <th scope="col">By</th>
              <th scope="col">
                <span className="sr-only">Delete</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <tr key={rule.id}>
                <td className="lead">
                  <span className="font-mono text-label font-normal break-words">{rule.pattern}</span>
                </td>
                <td data-label="Severity">
                  <SeverityMark severity={rule.severity} />
                </td>
                <td data-label="Cause, and what to do">
                  {rule.cause} <span className="text-ink-soft">{rule.remedy}</span>
                </td>
                <td data-label="By">{rule.createdBy}</td>
                <td>
                  {mayChange ? (
                    <Confirm
                      trigger={
                        <Button size="small" look="quiet" aria-label={`Delete the rule ${rule.pattern}`}>
                          <Trash2 aria-hidden className="size-4" />
                        </Button>
                      }
                      title="Delete this rule?"
                      keep="Keep it"
                      go="Delete it"
                      onConfirm={() => remove.mutate(rule.id)}
                    >
                      Lines that it knew are unknown again.
                    </Confirm>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function Unknown({ lines, onTake }: { lines: UnknownLine[]; onTake: ((line: UnknownLine) => void) | null }) {
  return (
    <Panel title="What no rule knows, in the last 30 days" flush>
      {lines.length === 0 ? (
        <Empty Icon={CircleCheck} title="Every warning and error is known" />
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col" className="figure">
                Times
              </th>
              <th scope="col">Last</th>
              <th scope="col">
                <span className="sr-only">Make a rule</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.fingerprint}>
                <td className="lead">
                  <span className="font-mono text-label font-normal break-words">{line.sample}</span>
                </td>
                <td data-label="Times" className="figure">
                  {count(line.count)}
                </td>
                <td data-label="Last">
                  <Link href={`/backups/${line.backupId}`} className="text-accent underline-offset-2 hover:underline">
                    <When at={line.lastAt} />
                  </Link>
                </td>
                <td>
                  {onTake ? (
                    <Button size="small" onClick={() => onTake(line)}>
                      Make a rule of it
                    </Button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
