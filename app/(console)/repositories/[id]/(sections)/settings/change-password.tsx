import { useState } from 'react'
import { isActive } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useChangePassword } from '#app/_data/repository-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { describedBy, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { errorOf } from '#app/_ui/settings-form/fields.tsx'
import { When } from '#app/_ui/time.tsx'

const hint = 'Leave it empty for a random one, which is best. It is stored encrypted, and the recovery kit shows it.'

/** A new password for the repository itself, after which its recovery kit must be taken anew. */
export function ChangePassword({ repository }: { repository: RepositoryDetail }) {
  const [password, setPassword] = useState('')
  const change = useChangePassword(repository.id)
  const refusal = problemIn(change.data, change.error)
  const issues = (refusal?.issues ?? []).map((issue) => ({ ...issue, path: `new.${issue.path}` }))
  const error = errorOf({ name: 'new', issues, secretsSet: [] }, 'password')
  const task = repository.tasks.find(({ kind }) => kind === 'PASSWORD')
  const isActiveNow = task !== undefined && isActive(task.state)

  async function ask(): Promise<void> {
    const answer = await change.mutateAsync(password).catch(() => undefined) // shown below
    if (answer?.__typename === 'ChangeRepositoryPasswordSuccess') setPassword('')
  }

  return (
    <Panel
      title="Password of the repository"
      aside={
        <span className="text-small text-ink-soft">
          Since <When at={repository.passwordChangedAt} />
        </span>
      }
    >
      <Standing repository={repository} isActiveNow={isActiveNow} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="New password (optional)" htmlFor="new-password" hint={hint} error={error}>
          <Input
            id="new-password"
            type="password"
            autoComplete="new-password"
            spellCheck={false}
            value={password}
            onChange={(event) => {
              setPassword(event.target.value)
              change.reset()
            }}
            {...describedBy('new-password', { hint, error })}
          />
        </Field>
      </div>
      <div className="mt-4">
        <Confirm
          title="Change the password?"
          keep="Leave it"
          go="Change it"
          tone="main"
          onConfirm={() => void ask()}
          trigger={<Button disabled={change.isPending || isActiveNow}>Change the password …</Button>}
        >
          <p>
            The recovery kits so far will not open the repository any more: take the new one when it is done. Backups
            wait meanwhile.
          </p>
        </Confirm>
      </div>
      <div aria-live="polite" data-tight className="mt-4 grid gap-3 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        {isActiveNow ? (
          <Notice tone="info" title="The password is being changed.">
            {task.waitsFor ? <p>It waits for: {task.waitsFor}</p> : null}
          </Notice>
        ) : null}
      </div>
    </Panel>
  )
}

/** What is not as it should be with its keys. */
function Standing({ repository, isActiveNow }: { repository: RepositoryDetail; isActiveNow: boolean }) {
  const { passwordChangePending, earlierKeysLeft, hasSpareKey } = repository
  return (
    <>
      {passwordChangePending && !isActiveNow ? (
        <Notice tone="warn" title="A change of the password was begun and has not come to its end.">
          Change it again to take it up where it stopped. Until then the password so far holds.
        </Notice>
      ) : null}
      {earlierKeysLeft > 0 ? (
        <Notice
          tone="warn"
          title={`${earlierKeysLeft === 1 ? 'An earlier password' : `${earlierKeysLeft} earlier keys`} could not be removed, and still opens the repository.`}
        />
      ) : null}
      {hasSpareKey ? null : (
        <p className="mb-4 text-small text-ink-soft">
          There is no spare key: if the key file is damaged, only the recovery kit helps. A change of the password makes
          one.
        </p>
      )}
    </>
  )
}
