import { useSources } from '#app/_data/sources.ts'
import { Field, Select } from '#app/_ui/field.tsx'
import type { RestoreConflict, RestoreTablesInput } from '#graphql/documents/generated/graphql.ts'
import { type Draft, type FieldsProps, ServerFields, Text } from './restore-fields.tsx'

const rules: [RestoreConflict, string][] = [
  ['REFUSE', 'Nothing is restored into tables that hold rows'],
  ['SKIP', 'Rows that are there stay'],
  ['REPLACE', 'Rows with the same key become the saved ones'],
]

export function tablesOf({ sourceId, user, password, conflict, person, confirmRows }: Draft): RestoreTablesInput {
  return {
    conflict,
    ...(sourceId && { sourceId }),
    ...(user && { login: { user, ...(password && { password }) } }),
    ...(person && { person }),
    ...(confirmRows && { confirmReplace: confirmRows }),
  }
}

/** Into whose tables rows go, whose rows, and what becomes of those that are there. */
export function TablesFields({ id, run, draft, change }: FieldsProps) {
  const sources = useSources()
  const chosen = sources.data?.find((source) => source.id === draft.sourceId) ?? run.source
  return (
    <>
      <ServerFields
        id={id}
        run={run}
        draft={draft}
        change={change}
        what="The tables of"
        may="insert rows, and update them to replace some"
      />
      <Field
        label="Rows that are there already"
        htmlFor={`${id}-conflict`}
        hint="All is done in one transaction, or nothing."
      >
        <Select
          id={`${id}-conflict`}
          aria-describedby={`${id}-conflict-hint`}
          value={draft.conflict}
          onChange={(event) => change({ conflict: event.target.value as RestoreConflict })}
        >
          {rules.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Text
        id={`${id}-person`}
        label="Only of the person with the id"
        hint="As the column of the source’s settings holds it. Empty: all rows."
        value={draft.person}
        change={(person) => change({ person })}
      />
      {draft.conflict === 'REPLACE' ? (
        <Text
          id={`${id}-rows`}
          label={`Rows are replaced: type the name of the source, ${chosen.name}`}
          hint="What they hold now is not kept."
          value={draft.confirmRows}
          change={(confirmRows) => change({ confirmRows })}
        />
      ) : null}
    </>
  )
}
