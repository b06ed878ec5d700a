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
import type { NewPlace } from '#graphql/documents/generated/graphql.ts'

const empty = { folder: '', name: '', sourceId: '', user: '', password: '', withoutOwners: false, replace: false }

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
  const [target, setTarget] = useState<'FOLDER' | NewPlace>(newPlace ?? 'FOLDER')
  const [draft, setDraft] = useState(empty)
  const [confirmed, setConfirmed] = useState('')
  const [confirmReplace, setConfirmReplace] = useState('')
  const { environment } = run.source
  const refusal = problemIn(trigger.data, trigger.error)
  const change = (part: Partial<typeof empty>) => setDraft({ ...draft, ...part })
  function submit(event: FormEvent): void {
    event.preventDefault()
    const { folder, name, sourceId, user, password, withoutOwners, replace } = draft
    const place = {
      name,
      ...(target === 'DATABASE' && {
        ...(sourceId && { sourceId }),
        ...(user && { login: { user, ...(password && { password }) } }),
        withoutOwners,
        ...(replace && { replace, confirmReplace }),
      }),
    }
    const input = {
      runId: run.id,
      idempotencyKey,
      ...(target === 'FOLDER' ? { folder, ...(path !== undefined && { paths: [path] }) } : { place }),
      ...(confirmed && { confirmEnvironment: confirmed }),
    }
    trigger.mutate(input, {
      onSuccess: (answer) => {
        if (answer.__typename === 'TriggerRestoreSuccess') router.push(`/restores/${answer.restore.id}`)
        else setKey(randomKey())
      },
    })
  }
  const isComplete = (target === 'FOLDER' ? draft.folder : draft.name).trim() !== ''
  return (
    <form onSubmit={submit} className="grid max-w-xl gap-3">
      {newPlace === null ? null : (
        <fieldset className="flex flex-wrap gap-x-4">
          <legend className="text-small font-medium">Where to</legend>
          <Choice kind="radio" name={`${id}-to`} checked={target === newPlace} onChange={() => setTarget(newPlace)}>
            A new {newPlace.toLowerCase()}
          </Choice>
          <Choice kind="radio" name={`${id}-to`} checked={target === 'FOLDER'} onChange={() => setTarget('FOLDER')}>
            A folder, as files
          </Choice>
        </fieldset>
      )}
      {target === 'FOLDER' ? (
        <Text
          id={`${id}-folder`}
          label="Folder on the worker"
          hint="Absolute, inside its STORAGE_ROOTS, and empty or absent. Nothing that is there is written over."
          placeholder="/srv/restored/shop"
          value={draft.folder}
          change={(folder) => change({ folder })}
        />
      ) : (
        <Text
          id={`${id}-name`}
          label={target === 'FILE' ? 'New file on the worker' : 'Name of the database'}
          hint={
            target === 'FILE'
              ? 'Absolute, inside its STORAGE_ROOTS. A file that is there is not written over.'
              : draft.replace
                ? 'The one that is there is replaced when all was restored and compared.'
                : 'It must not be there yet. The old one is not touched.'
          }
          placeholder={target === 'FILE' ? '/srv/restored/shop.sqlite' : 'shop_restored'}
          value={draft.name}
          change={(name) => change({ name })}
        />
      )}
      {target === 'DATABASE' ? <DatabaseFields id={id} run={run} draft={draft} change={change} /> : null}
      {draft.replace && target === 'DATABASE' ? (
        <Text
          id={`${id}-replaced`}
          label="Type the name of the database that is replaced"
          hint="Its sessions are ended. It stays on the server under another name, which the restore tells."
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
          {trigger.isPending ? 'Starting …' : 'Restore'}
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
  draft: typeof empty
  change: (part: Partial<typeof empty>) => void
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
      {run.source.kind === 'postgres' ? (
        <Choice
          kind="checkbox"
          name={`${id}-replace`}
          checked={draft.replace}
          onChange={(replace) => change({ replace })}
          detail="In one step, when all was restored. If anything fails before, it stays as it is."
        >
          Replace the database of that name
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
