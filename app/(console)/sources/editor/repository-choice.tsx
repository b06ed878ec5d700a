import { useRepositories } from '#app/_data/repositories.ts'
import { describedBy, Field, Select } from '#app/_ui/field.tsx'

interface Props {
  /** Null: the one that its environment, or else the installation, has as the default. */
  value: string | null
  onChange: (repositoryId: string | null) => void
  error: string | undefined
}

/** Where a source is saved. */
export function RepositoryChoice({ value, onChange, error }: Props) {
  const repositories = useRepositories().data ?? []
  const hint = 'Where it is saved from the next backup on. Snapshots so far stay where they are.'
  return (
    <Field label="Repository" htmlFor="repository" hint={hint} error={error}>
      <Select
        id="repository"
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value || null)}
        {...describedBy('repository', { hint, error })}
      >
        <option value="">The default one of its environment</option>
        {repositories.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </Field>
  )
}
