import { useRouter } from 'next/navigation'
import { problemIn } from '#app/_data/problem.ts'
import { type SourceDetail, useDeleteSource, useSwitchSource } from '#app/_data/source-changes.ts'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'

/** Disabling, enabling and deleting, each asked for first where it takes something away. */
export function SourceSwitches({ source }: { source: SourceDetail }) {
  const router = useRouter()
  const toggle = useSwitchSource(source.id)
  const remove = useDeleteSource(source.id)
  const refusal = problemIn(toggle.data, toggle.error) ?? problemIn(remove.data, remove.error)
  const isBusy = toggle.isPending || remove.isPending
  async function deleteIt(): Promise<void> {
    const answer = await remove.mutateAsync(source.environment.name).catch(() => undefined) // shown below
    if (answer?.__typename === 'DeleteSourceSuccess') router.push('/sources')
  }
  return (
    <div className="grid justify-items-end gap-2">
      <div className="flex flex-wrap gap-2">
        {source.enabled ? (
          <Confirm
            title="Disable this source?"
            keep="Leave it enabled"
            go="Disable it"
            onConfirm={() => toggle.mutate(false)}
            trigger={<Button disabled={isBusy}>Disable</Button>}
          >
            <p>No backup takes it until it is enabled again. One that runs now goes on.</p>
          </Confirm>
        ) : (
          <Button disabled={isBusy} onClick={() => toggle.mutate(true)}>
            Enable
          </Button>
        )}
        <Confirm
          title={`Delete “${source.name}”?`}
          keep="Keep it"
          go="Delete it"
          typed={source.environment.protected ? source.environment.name : undefined}
          onConfirm={() => void deleteIt()}
          trigger={<Button disabled={isBusy}>Delete …</Button>}
        >
          <p>
            Its settings’ secrets are forgotten and no backup takes it any more. This cannot be taken back. Its backups
            so far stay in the history, and its snapshots stay in the repository.
          </p>
        </Confirm>
      </div>
      <div aria-live="polite" className="empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
    </div>
  )
}
