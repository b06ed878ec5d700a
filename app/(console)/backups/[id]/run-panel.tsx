import { isActive, type RunDetail } from '#app/_data/backup.ts'
import { CopyText } from '#app/_ui/copy-text.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { bytes, count, runName } from '#app/_ui/format.ts'
import { Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Fact, Facts, Panel } from '#app/_ui/panel.tsx'
import { ProgressBar, ProgressFigures } from '#app/_ui/progress.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { Took } from '#app/_ui/time.tsx'
import { ChangesSinceGood } from './changes-since-good.tsx'
import { Findings } from './findings.tsx'
import { SnapshotContent } from './snapshot-content.tsx'
import { SnapshotKeeping } from './snapshot-keeping.tsx'
import { SnapshotVerification } from './snapshot-verification.tsx'

/** One run: its bar while it is active, its figures when it has ended, and what to do when it went wrong. */
export function RunPanel({ run, backupId }: { run: RunDetail; backupId: string }) {
  return (
    <Panel
      title={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
          {run.source.name}
          <span className="text-small font-normal text-ink-soft">
            {run.source.kind}
            {run.partName ? `, ${run.partName}` : ''}
            {run.storagePath ? `, ${run.storagePath}` : ''}
          </span>
          <span className="inline-flex text-small font-normal">
            <EnvironmentTag environment={run.source.environment} />
          </span>
        </span>
      }
      aside={
        <span className="flex items-center gap-3">
          {run.attempt > 1 ? <span className="text-small text-ink-soft">attempt {run.attempt}</span> : null}
          <StateMark state={run.state} />
        </span>
      }
    >
      <Findings findings={run.findings} />
      {run.error ? <ProblemNotice problem={run.error} urgent={false} /> : null}
      {run.changesSinceGood ? <ChangesSinceGood found={run.changesSinceGood} /> : null}
      {run.state === 'PARTIAL' && !run.error ? (
        <Notice tone="warn" title="Saved, but some files could not be read. The log names them." />
      ) : null}
      {isActive(run.state) ? (
        <div className="grid gap-2">
          {run.state === 'RUNNING' ? <ProgressBar progress={run.progress} label={`Backup of ${runName(run)}`} /> : null}
          <ProgressFigures progress={run.progress} state={run.state} waitsFor={run.waitsFor} />
        </div>
      ) : (
        <>
          <Ended run={run} />
          <SnapshotVerification run={run} />
          <SnapshotContent run={run} backupId={backupId} />
          <SnapshotKeeping run={run} backupId={backupId} />
        </>
      )}
    </Panel>
  )
}

function Ended({ run }: { run: RunDetail }) {
  return (
    <Facts>
      <Fact name="Read">{bytes(run.progress.bytesDone)}</Fact>
      <Fact name="Files">{count(run.progress.filesDone)}</Fact>
      {run.rowCount === null ? null : <Fact name="Rows">{count(run.rowCount)}</Fact>}
      <Fact name="New data">{bytes(run.addedBytes)}</Fact>
      <Fact name="Stored, compressed">{bytes(run.storedBytes)}</Fact>
      <Fact name="Took">
        <Took from={run.startedAt} to={run.finishedAt} />
      </Fact>
      <Fact name="Repository">{run.repository?.name ?? '–'}</Fact>
      <Fact name="Snapshot">
        {run.snapshotId ? <CopyText text={run.snapshotId} shown={run.snapshotId.slice(0, 8)} /> : 'No snapshot'}
      </Fact>
      {run.copies.map((copy) => (
        <Fact key={copy.id} name={`Copy in ${copy.repository.name}`}>
          <StateMark state={copy.state} />
          {copy.waitsFor ? <span className="block text-small text-ink-soft">waits for {copy.waitsFor}</span> : null}
          {copy.error ? (
            <span className="block text-small text-ink-soft">
              {copy.error.message} {copy.error.remedy}
            </span>
          ) : null}
        </Fact>
      ))}
    </Facts>
  )
}
