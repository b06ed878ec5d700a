'use client'

import { ArrowLeft, Download, Printer } from 'lucide-react'
import Link from 'next/link'
import { useParams } from 'next/navigation'
import { useRestoreDocument } from '#app/_data/backups.ts'
import { Button } from '#app/_ui/button.tsx'
import { CommandsText } from '#app/_ui/commands-text.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { saveText } from '#app/_ui/save-text.ts'
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
        <Link
          href={`/backups/${id}`}
          className="mb-3 inline-flex items-center gap-1.5 text-small text-accent underline-offset-2 hover:underline"
        >
          <ArrowLeft aria-hidden className="size-4" /> Back to the backup
        </Link>
        <PageHead
          title="Restore document"
          intro="How everything that this backup saved is brought back without this program, in order. It holds no password: the recovery kits of the repositories do."
          actions={
            shown ? (
              <>
                <Button look="main" onClick={() => window.print()}>
                  <Printer aria-hidden className="size-4" /> Print
                </Button>
                <Button onClick={() => saveText(shown.filename, shown.text)}>
                  <Download aria-hidden className="size-4" /> Download
                </Button>
              </>
            ) : null
          }
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
