'use client'

import { ArchiveRestore } from 'lucide-react'
import Link from 'next/link'
import { useParams } from 'next/navigation'
import { useState } from 'react'
import { isActive } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import { type RestoreDetail, useApproveRestore, useCancelRestore, useRestore } from '#app/_data/restores.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { Cancel } from '#app/_ui/cancel.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { Field, Input } from '#app/_ui/field.tsx'
import { bytes, count, runName } from '#app/_ui/format.ts'
import { LogView } from '#app/_ui/log-view.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { ProgressBar, ProgressFigures } from '#app/_ui/progress.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { Took, When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

export default function RestorePage() {
  const { id } = useParams<{ id: string }>()
  const answer = useRestore(id)
  return (
    <>
      <BackLink href={answer.data?.batchId ? `/restores?batch=${answer.data.batchId}` : '/restores'}>
        {answer.data?.batchId ? 'All restores of the backup' : 'All restores'}
      </BackLink>
      <Answered answer={answer} lines={8}>
        {(restore) =>
          restore === null ? (
            <Panel flush>
              <title>Restore not found · System Backup Trigger</title>
              <Empty Icon={ArchiveRestore} title="There is no such restore">
                <ButtonLink href="/restores">To the restores</ButtonLink>
              </Empty>
            </Panel>
          ) : (
            <Restore restore={restore} />
          )
        }
      </Answered>
    </>
  )
}

function Restore({ restore }: { restore: RestoreDetail }) {
  const { state, run, error } = restore
  const title = `${restore.dryRun ? 'Dry run of a restore' : 'Restore'} of ${runName(run)}`
  const active = isActive(state)
  const { bytesDone, bytesTotal, filesDone, filesTotal } = restore
  const progress = { bytesDone, bytesTotal, filesDone, filesTotal, bytesPerSecond: null, secondsLeft: null }
  return (
    <>
      <title>{`${title} · System Backup Trigger`}</title>
      <PageHead
        title={title}
        intro={
          <>
            Into <span className="font-mono">{restore.into}</span>
          </>
        }
        actions={active ? <CancelRestore id={restore.id} /> : null}
      />
      <Panel title={<StateMark state={state} />}>
        <p aria-live="polite" className="sr-only">
          {active ? 'The restore goes on.' : `The restore has ended: ${state.toLowerCase()}.`}
        </p>
        {error ? <ProblemNotice problem={error} urgent={false} /> : null}
        {restore.mayApprove ? <Approval restore={restore} /> : null}
        {active ? (
          <div className="mb-4 grid gap-2">
            {state === 'RUNNING' ? <ProgressBar progress={progress} label={title} /> : null}
            <ProgressFigures progress={progress} state={state} waitsFor={restore.waitsFor} />
          </div>
        ) : null}
        <Facts>
          <Fact name="Saved">
            <Link href={`/backups/${run.backup.id}`} className="text-accent underline-offset-2 hover:underline">
              {run.finishedAt ? <When at={run.finishedAt} /> : 'its backup'}
            </Link>
          </Fact>
          <Fact name="Environment">
            <EnvironmentTag environment={run.source.environment} />
          </Fact>
          {restore.paths.length > 0 ? (
            <Fact name="Of it">
              <span className="font-mono text-small">{restore.paths.join(', ')}</span>
            </Fact>
          ) : null}
          {restore.approvedBy ? <Fact name="Approved by">{restore.approvedBy}</Fact> : null}
          {restore.leaveOut.length > 0 ? (
            <Fact name="Left out">
              <span className="font-mono text-small">{restore.leaveOut.join(', ')}</span>
            </Fact>
          ) : null}
          {restore.person ? <Fact name="Only of the person">{restore.person}</Fact> : null}
          {restore.keptAs ? <Fact name="The old one is called">{restore.keptAs}</Fact> : null}
          <Fact name="Asked for">
            <When at={restore.queuedAt} />
          </Fact>
          <Fact name="By">{restore.requestedBy}</Fact>
          <Fact name="Took">{restore.startedAt ? <Took from={restore.startedAt} to={restore.finishedAt} /> : '–'}</Fact>
          <Fact name="Files">{restore.dryRun ? count(filesTotal) : `${count(filesDone)} of ${count(filesTotal)}`}</Fact>
          <Fact name="Size">{restore.dryRun ? bytes(bytesTotal) : `${bytes(bytesDone)} of ${bytes(bytesTotal)}`}</Fact>
          {restore.overwrite ? <Fact name="Files that are there">{policyText[restore.overwrite]}</Fact> : null}
        </Facts>
      </Panel>
      {restore.changes ? <Changes changes={restore.changes} isDry={restore.dryRun} /> : null}
      <Panel title="Log" flush>
        <LogView lines={restore.events} />
      </Panel>
    </>
  )
}

/** Asks another administrator than the one who asked for it. */
function Approval({ restore }: { restore: RestoreDetail }) {
  const approve = useApproveRestore(restore.id)
  const [confirmed, setConfirmed] = useState('')
  const refusal = problemIn(approve.data, approve.error)
  const into = restore.placeSource?.environment.name ?? ''
  return (
    <form
      className="mb-4 grid max-w-xl gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        approve.mutate(confirmed)
      }}
    >
      <p>
        {restore.requestedBy} wants to bring a backup of {restore.run.source.environment.name} into {into}, which is
        protected. It begins when you approve it.
      </p>
      <Field label={`Type the name of the protected environment, ${into}`} htmlFor="approve-environment">
        <Input
          id="approve-environment"
          autoComplete="off"
          value={confirmed}
          onChange={(event) => setConfirmed(event.target.value)}
        />
      </Field>
      <div>
        <Button type="submit" look="main" disabled={approve.isPending}>
          Approve
        </Button>
      </div>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </form>
  )
}

const policyText = {
  ALWAYS: 'replaced when their content differs',
  IF_CHANGED: 'replaced when their size or time differs',
  IF_NEWER: 'replaced when they are older',
  NEVER: 'kept',
}

/** What was done to files, or would be. */
function Changes({ changes, isDry }: { changes: NonNullable<RestoreDetail['changes']>; isDry: boolean }) {
  const { restored, updated, unchanged, names } = changes
  const more = names.length > 0 ? restored + updated - names.length : 0
  return (
    <Panel title={isDry ? 'What would change' : 'What changed'}>
      <Facts>
        <Fact name={isDry ? 'Would be restored' : 'Restored'}>{count(restored)}</Fact>
        <Fact name={isDry ? 'Would be replaced' : 'Replaced'}>{count(updated)}</Fact>
        <Fact name={isDry ? 'Would stay as they are' : 'Stay as they are'}>{count(unchanged)}</Fact>
        {changes.bytes > 0 ? <Fact name="Size of what changes">{bytes(changes.bytes)}</Fact> : null}
      </Facts>
      {names.length > 0 ? (
        <ul aria-label="Files" className="mt-4 grid gap-1 text-small">
          {names.map(({ action, path }) => (
            <li key={path} className="flex gap-3">
              <span className={`w-20 shrink-0 ${action === 'UPDATED' ? 'font-medium text-ink' : 'text-ink-soft'}`}>
                {action === 'UPDATED' ? 'Replaced' : 'Restored'}
              </span>
              <span className="min-w-0 font-mono break-all">{path}</span>
            </li>
          ))}
          {more > 0 ? <li className="text-ink-soft">and {count(more)} more</li> : null}
        </ul>
      ) : null}
    </Panel>
  )
}

function CancelRestore({ id }: { id: string }) {
  const cancel = useCancelRestore(id)
  const mayChange = useMayChange()
  if (!mayChange) return null
  return (
    <Cancel
      what="restore"
      keep="Let it go on"
      isAsked={cancel.isPending || cancel.data?.__typename === 'CancelRestoreSuccess'}
      refusal={problemIn(cancel.data, cancel.error)}
      onCancel={() => cancel.mutate()}
    >
      What was restored so far stays. It is not complete.
    </Cancel>
  )
}
