import { useRouter } from 'next/navigation'
import { type FormEvent, useId, useState } from 'react'
import type { RunDetail } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useTriggerRestore } from '#app/_data/restores.ts'
import { useSources } from '#app/_data/sources.ts'
import { Button } from '#app/_ui/button.tsx'
import { Choice, Field, Input, Select } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { randomKey } from '#app/_ui/random-key.ts'
import type { NewPlace, RestoreOverwrite } from '#graphql/documents/generated/graphql.ts'

const empty = {
  ...{ folder: '', overwrite: '' as RestoreOverwrite | '', dryRun: false, confirmSource: '' },
  ...{ name: '', sourceId: '', user: '', password: '', withoutOwners: false, replace: false },
}
type Draft = typeof empty
type Target = 'FOLDER' | 'ORIGINAL' | NewPlace

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
  const [target, setTarget] = useState<Target>(newPlace ?? 'FOLDER')
  const [draft, setDraft] = useState(empty)
  const [confirmed, setConfirmed] = useState('')
  const [confirmReplace, setConfirmReplace] = useState('')
  const { environment } = run.source
  const isOfFiles = target === 'FOLDER' || target === 'ORIGINAL'
  const refusal = problemIn(trigger.data, trigger.error)
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  function submit(event: FormEvent): void {
    event.preventDefault()
    const { folder, overwrite, dryRun, confirmSource, name, sourceId, user, password, withoutOwners, replace } = draft
    const place = {
      name,
      ...(target === 'DATABASE' && {
        ...(sourceId && { sourceId }),
        ...(user && { login: { user, ...(password && { password }) } }),
        withoutOwners,
      }),
      ...(replace && { replace, confirmReplace }),
    }
    const input = {
      runId: run.id,
      idempotencyKey,
      ...(isOfFiles
        ? {
            ...(target === 'FOLDER' ? { folder } : { original: true, ...(confirmSource && { confirmSource }) }),
            ...(path !== undefined && { paths: [path] }),
            ...(overwrite && { overwrite }),
            dryRun,
          }
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
  const isComplete = target === 'ORIGINAL' || (target === 'FOLDER' ? draft.folder : draft.name).trim() !== ''
  const targets: [Target, string][] = [
    ...(newPlace ? [[newPlace, `A new ${newPlace.toLowerCase()}`] as [Target, string]] : []),
    ['FOLDER', 'A folder, as files'],
    ...(run.hasOriginalPlace ? [['ORIGINAL', 'Where they were'] as [Target, string]] : []),
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
      ) : target === 'ORIGINAL' ? null : (
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
      {target === 'DATABASE' ? <DatabaseFields id={id} run={run} draft={draft} change={change} /> : null}
      {!isOfFiles && run.mayReplacePlace ? (
        <Choice
          kind="checkbox"
          name={`${id}-replace`}
          checked={draft.replace}
          onChange={(replace) => change({ replace })}
          detail="In one step, when all was restored. If anything fails before, it stays as it is."
        >
          Replace the {target === 'FILE' ? 'file' : 'database'} of that name
        </Choice>
      ) : null}
      {draft.replace && !isOfFiles ? (
        <Text
          id={`${id}-replaced`}
          label={
            target === 'FILE'
              ? 'Type the path of the file that is replaced'
              : 'Type the name of the database that is replaced'
          }
          hint={
            target === 'FILE'
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

interface DatabaseFieldsProps {
  id: string
  run: RunDetail
  draft: Draft
  change: (part: Partial<Draft>) => void
}

const policies: [RestoreOverwrite | '', string][] = [
  ['', 'Nothing may be there'],
  ['NEVER', 'Keep them: only what is missing is brought back'],
  ['IF_NEWER', 'Replace those that are older'],
  ['IF_CHANGED', 'Replace those whose size or time differs'],
  ['ALWAYS', 'Replace those whose content differs'],
]

/** What happens to files that are there, and whether it is only tried. */
function OverwriteFields({ id, run, target, draft, change }: DatabaseFieldsProps & { target: Target }) {
  const mayDestroy = target === 'ORIGINAL' && !draft.dryRun && draft.overwrite !== '' && draft.overwrite !== 'NEVER'
  return (
    <>
      <Field
        label="Files that are there already"
        htmlFor={`${id}-overwrite`}
        hint="Files that the snapshot does not have always stay."
      >
        <Select
          id={`${id}-overwrite`}
          aria-describedby={`${id}-overwrite-hint`}
          value={draft.overwrite}
          onChange={(event) => change({ overwrite: event.target.value as RestoreOverwrite | '' })}
        >
          {policies.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Choice
        kind="checkbox"
        name={`${id}-dry-run`}
        checked={draft.dryRun}
        onChange={(dryRun) => change({ dryRun })}
        detail="Lists what would be restored and replaced, and writes nothing."
      >
        Dry run
      </Choice>
      {mayDestroy ? (
        <Text
          id={`${id}-source`}
          label={`Files are written over: type the name of the source, ${run.source.name}`}
          hint="A dry run shows first which."
          value={draft.confirmSource}
          change={(confirmSource) => change({ confirmSource })}
        />
      ) : null}
    </>
  )
}

/** On whose server, by which account, and whether with owners. */
function DatabaseFields({ id, run, draft, change }: DatabaseFieldsProps) {
  const sources = useSources()
  const others = (sources.data ?? []).filter(
    ({ kind, id: other }) => kind === run.source.kind && other !== run.source.id,
  )
  return (
    <>
      <Field label="On the server of" htmlFor={`${id}-source`}>
        <Select
          id={`${id}-source`}
          value={draft.sourceId}
          onChange={(event) => change({ sourceId: event.target.value })}
        >
          <option value="">{run.source.name}, where it was saved</option>
          {others.map((source) => (
            <option key={source.id} value={source.id}>
              {source.environment.name}: {source.name}
            </option>
          ))}
        </Select>
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Text
          id={`${id}-user`}
          label="By the account"
          hint="One that may create databases. Empty: the source’s own, which may only be allowed to read."
          value={draft.user}
          change={(user) => change({ user })}
        />
        <Field label="Its password" htmlFor={`${id}-password`} hint="Kept, encrypted, until the restore has ended.">
          <Input
            id={`${id}-password`}
            type="password"
            autoComplete="new-password"
            aria-describedby={`${id}-password-hint`}
            value={draft.password}
            onChange={(event) => change({ password: event.target.value })}
          />
        </Field>
      </div>
      {run.source.kind === 'postgres' ? (
        <Choice
          kind="checkbox"
          name={`${id}-owners`}
          checked={draft.withoutOwners}
          onChange={(withoutOwners) => change({ withoutOwners })}
          detail="For a server that does not have the roles of the old one."
        >
          Without owners and rights
        </Choice>
      ) : null}
    </>
  )
}

interface TextProps {
  id: string
  label: string
  hint: string
  placeholder?: string
  value: string
  change: (value: string) => void
}

function Text({ id, label, hint, placeholder, value, change }: TextProps) {
  return (
    <Field label={label} htmlFor={id} hint={hint}>
      <Input
        id={id}
        aria-describedby={`${id}-hint`}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        value={value}
        onChange={(event) => change(event.target.value)}
      />
    </Field>
  )
}
