'use client'

import { Eye } from 'lucide-react'
import { useParams } from 'next/navigation'
import { problemIn } from '#app/_data/problem.ts'
import { useRepository } from '#app/_data/repositories.ts'
import { useRecoveryKit } from '#app/_data/repository-changes.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { CommandsText } from '#app/_ui/commands-text.tsx'
import { KeepText } from '#app/_ui/keep-text.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'

/** The recovery kit to read and to print. It is asked for by a button, since every look at it is in the audit log. */
export default function KitPage() {
  const { id } = useParams<{ id: string }>()
  const repository = useRepository(id).data
  const kit = useRecoveryKit(id)
  const mayChange = useMayChange()
  const refusal = problemIn(kit.data, kit.error)
  const shown = kit.data?.__typename === 'RecoveryKitSuccess' ? kit.data : null
  const title = repository ? `Recovery kit of ${repository.name}` : 'Recovery kit'
  return (
    <>
      <title>{`${title} · System Backup Trigger`}</title>
      <div className="print:hidden">
        <BackLink href={`/repositories/${id}`}>Back to the repository</BackLink>
        <PageHead
          title={title}
          intro="Everything that is needed to restore with restic alone. Print it, and keep the paper as you keep a key."
          actions={shown ? <KeepText filename={shown.filename} text={shown.text} /> : null}
        />
        {mayChange && !shown ? (
          <Panel title="It holds the password">
            <p className="mb-4 max-w-[68ch]">
              Whoever sees it can read every backup. See that nobody looks over your shoulder. The audit log notes that
              you looked.
            </p>
            <Button look="main" disabled={kit.isPending} onClick={() => kit.mutate()}>
              <Eye aria-hidden className="size-4" /> {kit.isPending ? 'Making it …' : 'Show the recovery kit'}
            </Button>
          </Panel>
        ) : null}
        {mayChange ? null : (
          <Notice tone="warn" title="Your role may not see the recovery kit.">
            Ask an administrator to print it.
          </Notice>
        )}
        <div aria-live="polite" className="empty:hidden">
          {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
        </div>
      </div>
      {shown ? <CommandsText label="The recovery kit" text={shown.text} /> : null}
    </>
  )
}
