import { ArchiveRestore, FileText, Radio, Unplug } from 'lucide-react'
import { type BackupDetail, isActive } from '#app/_data/backup.ts'
import { useCancelBackup } from '#app/_data/backups.ts'
import { problemIn } from '#app/_data/problem.ts'
import type { Connection } from '#app/_data/socket.ts'
import { useMayChange, useMayTrigger } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Cancel } from '#app/_ui/cancel.tsx'
import { bytes, originNames, typeNames } from '#app/_ui/format.ts'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { Took, When } from '#app/_ui/time.tsx'
import type { UsedOptionOrigin } from '#graphql/documents/generated/graphql.ts'

export function BackupHead({ backup, connection }: { backup: BackupDetail; connection: Connection }) {
  const name = backup.description || `${typeNames[backup.type]} backup`
  const active = isActive(backup.state)
  return (
    <>
      <title>{`${name} · System Backup Trigger`}</title>
      <PageHead
        title={name}
        intro={`${typeNames[backup.type]} backup of ${backup.environments.join(', ')}`}
        actions={active ? <CancelBackup backup={backup} /> : <RestoreLinks backup={backup} />}
      />
      <Panel title={<StateMark state={backup.state} />} aside={active ? <LiveMark connection={connection} /> : null}>
        <Facts>
          <Fact name="Triggered">
            <When at={backup.createdAt} />
          </Fact>
          <Fact name="By">
            {backup.requestedBy ? `${backup.requestedBy} (${originNames[backup.origin]})` : originNames[backup.origin]}
          </Fact>
          <Fact name={active ? 'Running for' : 'Took'}>
            <Took from={backup.startedAt} to={backup.finishedAt} />
          </Fact>
          <Fact name="Runs ended">
            {backup.runs.filter((run) => !isActive(run.state)).length} of {backup.runs.length}
          </Fact>
          <Fact name="Read">{bytes(sum(backup.runs.map((run) => run.progress.bytesDone)))}</Fact>
          <Fact name="New data">{bytes(sum(backup.runs.map((run) => run.addedBytes)))}</Fact>
          <Fact name="Backup id">
            <span className="font-mono text-small">{backup.id}</span>
          </Fact>
        </Facts>
        {backup.options.length > 0 ? (
          <details className="mt-4">
            <summary className="cursor-pointer text-small font-medium">Options it goes by</summary>
            <div className="mt-3">
              <Facts>
                {backup.options.map(({ name, value, origin }) => (
                  <Fact key={name} name={name}>
                    {value} <span className="text-small text-ink-soft">{origins[origin]}</span>
                  </Fact>
                ))}
              </Facts>
            </div>
          </details>
        ) : null}
      </Panel>
    </>
  )
}

const origins: Record<UsedOptionOrigin, string> = {
  TRIGGER: 'as its trigger said',
  PLAN: 'as its plan said',
  SETTINGS: 'from the settings',
  ENVIRONMENT: 'from the environment',
  DEFAULT: 'by default',
}

function RestoreLinks({ backup }: { backup: BackupDetail }) {
  const mayChange = useMayChange()
  if (!mayChange || backup.runs.every((run) => run.snapshotId === null)) return null
  return (
    <div className="flex flex-wrap gap-2">
      <ButtonLink href={`/backups/${backup.id}/restore`}>
        <ArchiveRestore aria-hidden className="size-4" />
        Restore all of it …
      </ButtonLink>
      <ButtonLink href={`/backups/${backup.id}/restore-document`}>
        <FileText aria-hidden className="size-4" />
        Restore document
      </ButtonLink>
    </div>
  )
}

function sum(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0)
}

function LiveMark({ connection }: { connection: Connection }) {
  if (connection === 'open') {
    return (
      <span className="inline-flex items-center gap-1.5 text-small text-ink-soft">
        <Radio aria-hidden className="size-4 text-accent" />
        Live
      </span>
    )
  }
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-small text-ink-soft">
      <Unplug aria-hidden className="size-4" />
      {connection === 'lost' ? 'Connection lost, connecting again. The backup goes on.' : 'Connecting …'}
    </span>
  )
}

function CancelBackup({ backup }: { backup: BackupDetail }) {
  const cancel = useCancelBackup(backup.id)
  const may = useMayTrigger()
  if (!may) return null
  return (
    <Cancel
      what="backup"
      keep="Let it run"
      isAsked={cancel.isPending || cancel.data?.__typename === 'CancelBackupSuccess'}
      refusal={problemIn(cancel.data, cancel.error)}
      onCancel={() => cancel.mutate()}
    >
      What is queued or running stops and leaves no snapshot. Runs that have ended stay saved.
    </Cancel>
  )
}
