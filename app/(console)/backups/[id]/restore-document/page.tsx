'use client'

import { useParams } from 'next/navigation'
import { useRestoreDocument } from '#app/_data/backups.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { CommandsText } from '#app/_ui/commands-text.tsx'
import { KeepText } from '#app/_ui/keep-text.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'

/** How everything that a backup saved is brought back without this program, to read, to print and to keep. */
export default function RestoreDocumentPage() {
  const { id } = useParams<{ id: string }>()
  const answer = useRestoreDocument(id)
  const shown = answer.data?.__typename === 'RestoreDocument' ? answer.data : null
  return (
    <>
      <title>Restore document · System Backup Trigger</title>
      <div className="print:hidden">
        <BackLink href={`/backups/${id}`}>Back to the backup</BackLink>
        <PageHead
          title="Restore document"
          intro="How everything that this backup saved is brought back without this program, in order. It holds no password: the recovery kits of the repositories do."
          actions={shown ? <KeepText filename={shown.filename} text={shown.text} /> : null}
        />
      </div>
      <Answered answer={answer} lines={12}>
        {(found) =>
          found.__typename === 'RestoreDocument' ? (
            <CommandsText label="The restore document" text={found.text} />
          ) : (
            <ProblemNotice problem={asProblem(found)} />
          )
        }
      </Answered>
    </>
  )
}
