'use client'

import { Archive, Download } from 'lucide-react'
import { useParams } from 'next/navigation'
import { useBackup } from '#app/_data/backup.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { runName } from '#app/_ui/format.ts'
import { LogView } from '#app/_ui/log-view.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { Announcer } from './announcer.tsx'
import { BackupHead } from './backup-head.tsx'
import { Hooks } from './hooks.tsx'
import { Notifications } from './notifications.tsx'
import { RunPanel } from './run-panel.tsx'
import { RunSummary } from './run-summary.tsx'

export default function BackupPage() {
  const { id } = useParams<{ id: string }>()
  const { backup, log, connection } = useBackup(id)
  return (
    <Answered answer={backup} lines={8}>
      {(found) =>
        found === null ? (
          <Panel flush>
            <title>Backup not found · System Backup Trigger</title>
            <Empty Icon={Archive} title="There is no such backup">
              <p className="mb-4">The address may be mistyped. The history lists every backup.</p>
              <ButtonLink href="/backups">To the history</ButtonLink>
            </Empty>
          </Panel>
        ) : (
          <>
            <Announcer backup={found} />
            <BackupHead backup={found} connection={connection} />
            {backup.error ? <ProblemNotice problem={asProblem(backup.error)} urgent={false} /> : null}
            <RunSummary backup={found} />
            {found.runs.map((run) => (
              <div key={run.id} id={`run-${run.id}`}>
                <RunPanel run={run} backupId={found.id} />
              </div>
            ))}
            <Hooks backup={found} />
            <Panel
              title="Log"
              flush
              aside={
                <a
                  href={`/api/backup-log?id=${found.id}`}
                  download
                  className="inline-flex items-center gap-1.5 text-small text-accent underline-offset-2 hover:underline"
                >
                  <Download aria-hidden className="size-4" /> Download as NDJSON
                </a>
              }
            >
              <Answered answer={log} lines={6}>
                {(lines) => (
                  <LogView
                    lines={lines}
                    nameOf={(runId) => {
                      const run = found.runs.find((one) => one.id === runId)
                      return run ? runName(run) : null
                    }}
                  />
                )}
              </Answered>
            </Panel>
            <Notifications backup={found} />
          </>
        )
      }
    </Answered>
  )
}
