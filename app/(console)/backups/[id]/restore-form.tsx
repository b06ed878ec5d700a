import { useRouter } from 'next/navigation'
import { type FormEvent, useId, useState } from 'react'
import type { RunDetail } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useTriggerRestore } from '#app/_data/restores.ts'
import { Button } from '#app/_ui/button.tsx'
import { Choice, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { randomKey } from '#app/_ui/random-key.ts'
import {
  DatabaseFields,
  type Draft,
  emptyDraft,
  OverwriteFields,
  ServerFields,
  type Target,
  Text,
} from './restore-fields.tsx'
import { TablesFields, tablesOf } from './restore-tables-fields.tsx'

interface Props {
  run: RunDetail
  /** Only this of the snapshot, and what is below it. */
  path?: string
  onDone: () => void
}

/** Where a run's snapshot is to be brought; the name of its environment besides, when that is protected. */
export function RestoreForm({ run, path, onDone }: Props) {
  const id = useId()
  const router = useRouter()
  const trigger = useTriggerRestore()
  // One key per form: however often a shaky line makes people press the button, one restore starts.
  const [idempotencyKey, setKey] = useState(randomKey)
  const newPlace = path === undefined ? run.newPlace : null
  const [target, setTarget] = useState<Target>(newPlace === 'SERVER' ? 'FOLDER' : (newPlace ?? 'FOLDER'))
  const [draft, setDraft] = useState(emptyDraft)
  const [confirmed, setConfirmed] = useState('')
  const [confirmReplace, setConfirmReplace] = useState('')
  const { environment } = run.source
  const isOfFiles = target === 'FOLDER' || target === 'ORIGINAL'
  const isNamed = target === 'FOLDER' || target === 'DATABASE' || target === 'FILE'
  const isOfPlace = target === 'DATABASE' || target === 'FILE' || target === 'SERVER'
  const refusal = problemIn(trigger.data, trigger.error)
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  function submit(event: FormEvent): void {
    event.preventDefault()
    const { folder, overwrite, dryRun, confirmSource, name, sourceId, user, password, withoutOwners, replace } = draft
    const place = {
      ...(target !== 'SERVER' && { name }),
      ...(target !== 'FILE' && {
        ...(sourceId && { sourceId }),
        ...(user && { login: { user, ...(password && { password }) } }),
      }),
      ...(target === 'DATABASE' && { withoutOwners }),
      ...(replace && { replace, confirmReplace }),
    }
    const input = {
      runId: run.id,
      idempotencyKey,
      ...(isOfFiles
        ? {
            ...(target === 'FOLDER' ? { folder } : { original: true, ...(confirmSource && { confirmSource }) }),
            ...(path !== undefined && { paths: [path] }),
            leaveOut: draft.leaveOut.split('\n').filter((line) => line.trim() !== ''),
            ...(overwrite && { overwrite }),
            dryRun,
          }
        : target === 'TABLES'
          ? { tables: tablesOf(draft) }
          : { place }),
      ...(confirmed && { confirmEnvironment: confirmed }),
    }
    trigger.mutate(input, {
      onSuccess: (answer) => {
        if (answer.__typename === 'TriggerRestoreSuccess') router.push(`/restores/${answer.restore.id}`)
        else setKey(randomKey())
      },
    })
  }
  const isComplete = !isNamed || (target === 'FOLDER' ? draft.folder : draft.name).trim() !== ''
  const targets: [Target, string][] = [
    ...(newPlace
      ? [[newPlace, newPlace === 'SERVER' ? 'A server' : `A new ${newPlace.toLowerCase()}`] as [Target, string]]
      : []),
    ['FOLDER', 'A folder, as files'],
    ...(run.hasOriginalPlace ? [['ORIGINAL', 'Where they were'] as [Target, string]] : []),
    ...(run.hasRows && path === undefined ? [['TABLES', 'Tables'] as [Target, string]] : []),
  ]
  return (
    <form onSubmit={submit} className="grid max-w-xl gap-3">
      {targets.length === 1 ? null : (
        <fieldset className="flex flex-wrap gap-x-4 gap-y-2">
          <legend className="mb-1 text-small font-medium">Where to</legend>
          {targets.map(([one, name]) => (
            <Choice key={one} kind="radio" name={`${id}-to`} checked={target === one} onChange={() => setTarget(one)}>
              {name}
            </Choice>
          ))}
        </fieldset>
      )}
      {target === 'FOLDER' ? (
        <Text
          id={`${id}-folder`}
          label="Folder on the worker"
          hint="Absolute, and inside its STORAGE_ROOTS."
          placeholder="/srv/restored/shop"
          value={draft.folder}
          change={(folder) => change({ folder })}
        />
      ) : !isNamed ? null : (
        <Text
          id={`${id}-name`}
          label={target === 'FILE' ? 'New file on the worker' : 'Name of the database'}
          hint={
            target === 'FILE'
              ? draft.replace
                ? 'Absolute, inside its STORAGE_ROOTS. Stop the application that has it open: it would go on in the old one.'
                : 'Absolute, inside its STORAGE_ROOTS. A file that is there is not written over.'
              : draft.replace
                ? 'The one that is there is replaced when all was restored and compared.'
                : 'It must not be there yet. The old one is not touched.'
          }
          placeholder={target === 'FILE' ? '/srv/restored/shop.sqlite' : 'shop_restored'}
          value={draft.name}
          change={(name) => change({ name })}
        />
      )}
      {isOfFiles ? <OverwriteFields id={id} run={run} target={target} draft={draft} change={change} /> : null}
      {target === 'SERVER' ? (
        <ServerFields
          id={id}
          run={run}
          draft={draft}
          change={change}
          what="The server of"
          may={
            draft.replace
              ? 'copy the server (SYNC), write all keys and swap databases'
              : 'write all keys. The server must be empty'
          }
        />
      ) : null}
      {target === 'TABLES' ? <TablesFields id={id} run={run} draft={draft} change={change} /> : null}
      {target === 'DATABASE' ? <DatabaseFields id={id} run={run} draft={draft} change={change} /> : null}
      {isOfPlace && run.mayReplacePlace ? (
        <Choice
          kind="checkbox"
          name={`${id}-replace`}
          checked={draft.replace}
          onChange={(replace) => change({ replace })}
          detail="In one step, when all was restored. If anything fails before, it stays as it is."
        >
          {target === 'SERVER'
            ? 'Replace all that it holds'
            : `Replace the ${target === 'FILE' ? 'file' : 'database'} of that name`}
        </Choice>
      ) : null}
      {draft.replace && isOfPlace ? (
        <Text
          id={`${id}-replaced`}
          label={
            target === 'SERVER'
              ? 'Type the address of the server, such as cache.example.org:6379'
              : target === 'FILE'
                ? 'Type the path of the file that is replaced'
                : 'Type the name of the database that is replaced'
          }
          hint={
            target === 'SERVER'
              ? 'What it holds is kept in a file of the worker, which the restore tells.'
              : target === 'FILE'
                ? 'It stays beside it under another name, which the restore tells.'
                : 'Its sessions are ended. It stays on the server under another name, which the restore tells.'
          }
          value={confirmReplace}
          change={setConfirmReplace}
        />
      ) : null}
      {environment.protected ? (
        <Field label={`The environment is protected: type its name, ${environment.name}`} htmlFor={`${id}-confirm`}>
          <Input
            id={`${id}-confirm`}
            autoComplete="off"
            value={confirmed}
            onChange={(event) => setConfirmed(event.target.value)}
          />
        </Field>
      ) : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="main" disabled={trigger.isPending || !isComplete}>
          {trigger.isPending ? 'Starting …' : isOfFiles && draft.dryRun ? 'Try it' : 'Restore'}
        </Button>
        <Button onClick={onDone}>Do not restore</Button>
      </div>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </form>
  )
}
