import type { RunDetail } from '#app/_data/backup.ts'
import { useSources } from '#app/_data/sources.ts'
import { Choice, Field, Input, Select, TextArea } from '#app/_ui/field.tsx'
import type { NewPlace, RestoreConflict, RestoreOverwrite } from '#graphql/documents/generated/graphql.ts'

/** A restore as it is typed: of files the first, of a database the second, of rows the last. */
export const emptyDraft = {
  ...{ folder: '', overwrite: '' as RestoreOverwrite | '', dryRun: false, confirmSource: '', leaveOut: '' },
  ...{ name: '', sourceId: '', user: '', password: '', withoutOwners: false, replace: false },
  ...{ conflict: 'REFUSE' as RestoreConflict, person: '', confirmRows: '' },
}
export type Draft = typeof emptyDraft
export type Target = 'FOLDER' | 'ORIGINAL' | 'TABLES' | NewPlace

export interface FieldsProps {
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
export function OverwriteFields({ id, run, target, draft, change }: FieldsProps & { target: Target }) {
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
      <Field
        label="Leave out"
        htmlFor={`${id}-leave-out`}
        hint="One a line: a name wherever it is, such as *.tmp, or an absolute path."
      >
        <TextArea
          id={`${id}-leave-out`}
          rows={2}
          spellCheck={false}
          aria-describedby={`${id}-leave-out-hint`}
          className="font-mono text-small"
          value={draft.leaveOut}
          onChange={(event) => change({ leaveOut: event.target.value })}
        />
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

/** On whose server, and by which account. */
export function ServerFields({ id, run, draft, change, what, may }: FieldsProps & { what: string; may: string }) {
  const sources = useSources()
  const others = (sources.data ?? []).filter(
    ({ kind, id: other }) => kind === run.source.kind && other !== run.source.id,
  )
  return (
    <>
      <Field label={what} htmlFor={`${id}-source`}>
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
          hint={`One that may ${may}. Empty: the source’s own, which may only be allowed to read.`}
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
    </>
  )
}

/** On whose server, by which account, and whether with owners. */
export function DatabaseFields({ id, run, draft, change }: FieldsProps) {
  return (
    <>
      <ServerFields id={id} run={run} draft={draft} change={change} what="On the server of" may="create databases" />
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

export function Text({ id, label, hint, placeholder, value, change }: TextProps) {
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
