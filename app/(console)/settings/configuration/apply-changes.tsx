import { useState } from 'react'
import { type ConfigurationDiff, useApplyConfiguration } from '#app/_data/configuration.ts'
import { problemIn } from '#app/_data/problem.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { Choice, Field, Input } from '#app/_ui/field.tsx'
import { Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import type { ApplyConfigurationInput } from '#graphql/documents/generated/graphql.ts'

/** Asks first; then again for the names of protected environments, where the server wants them. */
export function ApplyChanges({ input, diff }: { input: ApplyConfigurationInput; diff: ConfigurationDiff }) {
  const apply = useApplyConfiguration()
  const [untested, setUntested] = useState(false)
  const [names, setNames] = useState('')
  const refusal = problemIn(apply.data, apply.error)
  const deletes = diff.changes.some(({ action }) => action === 'DELETE')
  const confirmEnvironment = names.split(/[\s,]+/).filter((name) => name !== '')

  if (apply.data?.__typename === 'ApplyConfigurationSuccess')
    return <Notice tone="good" title="Applied: all is as the file says." urgent />
  return (
    <div data-tight className="grid gap-4">
      {refusal ? <ProblemNotice problem={refusal} /> : null}
      {refusal?.code === 'ENVIRONMENT_NOT_CONFIRMED' || names !== '' ? (
        <Field label="Names of the protected environments that you mean" htmlFor="confirmed-environments">
          <Input
            id="confirmed-environments"
            autoComplete="off"
            value={names}
            onChange={(event) => setNames(event.target.value)}
          />
        </Field>
      ) : null}
      <Choice
        kind="checkbox"
        name="untested"
        checked={untested}
        onChange={setUntested}
        detail="Else a source that cannot be read now is refused, before anything is changed."
      >
        Do not look at new and changed sources first
      </Choice>
      <Confirm
        trigger={
          <Button look="main" className="justify-self-start" disabled={apply.isPending}>
            {apply.isPending ? 'Applying …' : 'Apply …'}
          </Button>
        }
        title={`Make ${diff.changes.length === 1 ? 'this change' : `these ${diff.changes.length} changes`}?`}
        keep="Leave all as it is"
        go="Apply"
        tone={deletes ? 'danger' : 'main'}
        onConfirm={() => apply.mutate({ ...input, untested, confirmEnvironment })}
      >
        {deletes
          ? 'Some things are deleted. Histories and snapshots stay.'
          : 'Nothing is deleted. If somebody has changed something since, nothing is changed.'}
      </Confirm>
    </div>
  )
}
