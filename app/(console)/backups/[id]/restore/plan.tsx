import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { problemIn } from '#app/_data/problem.ts'
import { useBackupRestorePlan, useTriggerBackupRestore } from '#app/_data/restores.ts'
import { Button } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { Field, Input } from '#app/_ui/field.tsx'
import { runName } from '#app/_ui/format.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { randomKey } from '#app/_ui/random-key.ts'
import { StateMark } from '#app/_ui/state.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import type { BackupRestorePlanInput, BackupRestorePlanQuery } from '#graphql/documents/generated/graphql.ts'

type Found = Extract<BackupRestorePlanQuery['backupRestorePlan'], { __typename: 'BackupRestorePlan' }>

interface Props {
  input: BackupRestorePlanInput
  user: string
  password: string
}

/** What would be done, in order, and the button that has it done. */
export function Plan({ input, user, password }: Props) {
  const plan = useBackupRestorePlan(input)
  return (
    <Answered answer={plan} lines={4}>
      {(found) =>
        found.__typename === 'BackupRestorePlan' ? (
          <Panel title="What will be done, in this order">
            <Steps {...found} />
            {found.steps.length > 0 ? <Start found={found} input={input} user={user} password={password} /> : null}
          </Panel>
        ) : (
          <ProblemNotice problem={asProblem(found)} />
        )
      }
    </Answered>
  )
}

function Start({ found, input, user, password }: Props & { found: Found }) {
  const router = useRouter()
  const trigger = useTriggerBackupRestore()
  // One key per plan: however often a shaky line makes people press the button, it starts once.
  const [idempotencyKey, setKey] = useState(randomKey)
  const [confirmed, setConfirmed] = useState<Record<string, string>>({})
  const refusal = problemIn(trigger.data, trigger.error)
  const environments = found.steps.map(({ run }) => run.source.environment).filter((one) => one.protected)
  const names = [...new Set(environments.map(({ name }) => name))]
  function start(event: FormEvent): void {
    event.preventDefault()
    const request = {
      plan: input,
      idempotencyKey,
      confirmEnvironments: Object.values(confirmed),
      ...(user && { login: { user, ...(password && { password }) } }),
    }
    trigger.mutate(request, {
      onSuccess: (answer) => {
        if (answer.__typename === 'TriggerBackupRestoreSuccess') router.push(`/restores?batch=${answer.batchId}`)
        else setKey(randomKey())
      },
    })
  }
  return (
    <form onSubmit={start} className="mt-4 grid max-w-xl gap-3">
      {names.map((name) => (
        <Field key={name} label={`The environment is protected: type its name, ${name}`} htmlFor={`confirm-${name}`}>
          <Input
            id={`confirm-${name}`}
            autoComplete="off"
            value={confirmed[name] ?? ''}
            onChange={(event) => setConfirmed({ ...confirmed, [name]: event.target.value })}
          />
        </Field>
      ))}
      <div>
        <Button type="submit" look="main" disabled={trigger.isPending}>
          {trigger.isPending ? 'Starting …' : 'Restore in this order'}
        </Button>
      </div>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </form>
  )
}

/** What goes where, and what is not there to be restored. */
function Steps({ steps, missing }: Found) {
  return (
    <>
      {steps.length === 0 ? <p>Nothing of this backup is there to be restored.</p> : null}
      <ol className="grid gap-2">
        {steps.map(({ run, into }, index) => (
          <li
            key={run.id}
            className="grid grid-cols-[2ch_minmax(0,1fr)] gap-x-4 gap-y-1 sm:grid-cols-[2ch_minmax(0,1fr)_minmax(0,2fr)]"
          >
            <span aria-hidden className="text-ink-soft">
              {index + 1}
            </span>
            <span>
              {runName(run)}
              <span className="block text-small text-ink-soft">
                <EnvironmentTag environment={run.source.environment} />
              </span>
            </span>
            <span className="col-start-2 font-mono text-small break-all sm:col-start-3">{into}</span>
          </li>
        ))}
      </ol>
      {missing.length > 0 ? (
        <div className="mt-4">
          <h3 className="mb-2 font-medium">Not there to be restored</h3>
          <ul className="grid gap-1">
            {missing.map((run) => (
              <li key={run.id} className="flex flex-wrap gap-x-3">
                {runName(run)} <StateMark state={run.state} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </>
  )
}
