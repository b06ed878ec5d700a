import { useRouter } from 'next/navigation'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useMakeRepositoryDefault, useRemoveRepository } from '#app/_data/repository-changes.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { HealthMark } from '#app/_ui/state.tsx'
import { Tag } from '#app/_ui/tag.tsx'

export function RepositoryHead({ repository }: { repository: RepositoryDetail }) {
  return (
    <>
      <title>{`${repository.name} · System Backup Trigger`}</title>
      <PageHead
        title={repository.name}
        intro={
          <span className="flex flex-wrap items-center gap-x-3">
            {repository.kindTitle}
            {repository.isDefault ? <Tag>Default</Tag> : null}
            <HealthMark state={repository.health.state} />
          </span>
        }
        actions={useMayChange() ? <Switches repository={repository} /> : null}
      />
    </>
  )
}

/** Making it the default and removing it, each asked for first. */
function Switches({ repository }: { repository: RepositoryDetail }) {
  const router = useRouter()
  const makeDefault = useMakeRepositoryDefault(repository.id)
  const remove = useRemoveRepository(repository.id)
  const refusal = problemIn(makeDefault.data, makeDefault.error) ?? problemIn(remove.data, remove.error)
  const isBusy = makeDefault.isPending || remove.isPending
  async function removeIt(): Promise<void> {
    makeDefault.reset()
    const answer = await remove.mutateAsync().catch(() => undefined) // shown below
    if (answer?.__typename === 'RemoveRepositorySuccess') router.push('/repositories')
  }
  return (
    <div className="grid gap-2 sm:justify-items-end">
      <div className="flex flex-wrap gap-2">
        {repository.isDefault ? null : (
          <Confirm
            title={`Make “${repository.name}” the default?`}
            keep="Leave it as it is"
            go="Make it the default"
            tone="main"
            onConfirm={() => {
              remove.reset()
              makeDefault.mutate()
            }}
            trigger={<Button disabled={isBusy}>Make default</Button>}
          >
            <p>
              Sources without a repository of their own are saved here from the next backup on. The first one reads and
              stores everything again. What was saved elsewhere stays there.
            </p>
          </Confirm>
        )}
        <Confirm
          title={`Remove “${repository.name}”?`}
          keep="Keep it"
          go="Remove it"
          onConfirm={() => void removeIt()}
          trigger={<Button disabled={isBusy}>Remove …</Button>}
        >
          <p>
            This program forgets its address and its password. What is in it stays where it is: keep the recovery kit,
            or nobody can read it again.
          </p>
        </Confirm>
      </div>
      <div aria-live="polite" className="max-w-xl empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
    </div>
  )
}
