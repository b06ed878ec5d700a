import { Download, Printer } from 'lucide-react'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useRecoveryKit } from '#app/_data/repository-changes.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { saveText } from '#app/_ui/save-text.ts'
import { When } from '#app/_ui/time.tsx'

/** How to get the recovery kit, and why. */
export function KitPanel({ repository }: { repository: RepositoryDetail }) {
  const kit = useRecoveryKit(repository.id)
  const mayChange = useMayChange()
  const refusal = problemIn(kit.data, kit.error)
  async function download(): Promise<void> {
    const answer = await kit.mutateAsync().catch(() => undefined) // shown below
    if (answer?.__typename === 'RecoveryKitSuccess') saveText(answer.filename, answer.text)
  }
  return (
    <Panel title="Recovery kit" id="recovery-kit" aside={<Taken repository={repository} />}>
      <p className="max-w-[72ch]">
        Address, password and the exact commands to restore everything with restic alone, should this program be lost.
        Keep it as you keep a key, and not on the machines that are backed up: whoever has it can read every backup, and
        without it nobody can once this program is gone.
      </p>
      {mayChange ? (
        <div className="mt-4 flex flex-wrap gap-2">
          <Button look="main" disabled={kit.isPending} onClick={() => void download()}>
            <Download aria-hidden className="size-4" />
            {kit.isPending ? 'Making it …' : 'Download as a text file'}
          </Button>
          <ButtonLink href={`/repositories/${repository.id}/kit`}>
            <Printer aria-hidden className="size-4" /> A page to print
          </ButtonLink>
        </div>
      ) : (
        <p className="mt-3 text-ink-soft">Only an administrator can take it.</p>
      )}
      <div aria-live="polite" data-tight className="mt-4 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        {kit.data?.__typename === 'RecoveryKitSuccess' ? (
          <Notice tone="good" title={`“${kit.data.filename}” was given to your browser to save.`}>
            Move it to a safe place, and delete it from this computer.
          </Notice>
        ) : null}
      </div>
    </Panel>
  )
}

function Taken({ repository: { kitTakenAt, kitNeeded } }: { repository: RepositoryDetail }) {
  if (kitTakenAt === null) return <span className="text-small font-medium text-warn">Never taken</span>
  return (
    <span className={`text-small ${kitNeeded ? 'font-medium text-warn' : 'text-ink-soft'}`}>
      Taken last <When at={kitTakenAt} />
      {kitNeeded ? ', and changed since' : ''}
    </span>
  )
}
