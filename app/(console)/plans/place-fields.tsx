import { useRepositories } from '#app/_data/repositories.ts'
import { describedBy, Field, Select } from '#app/_ui/field.tsx'
import type { Draft } from './draft.ts'

interface Props {
  draft: Draft
  change: (part: Partial<Draft>) => void
  issueOf: (path: string) => string | undefined
}

/** Where the backups of a plan are saved, and where their second copy goes. */
export function PlaceFields({ draft, change, issueOf }: Props) {
  const repositories = useRepositories().data ?? []
  const field = (key: 'repositoryId' | 'copyRepositoryId', label: string, none: string, hint: string) => {
    const error = issueOf(key)
    return (
      <Field label={label} htmlFor={key} hint={hint} error={error}>
        <Select
          id={key}
          value={draft[key]}
          onChange={(event) => change({ [key]: event.target.value })}
          {...describedBy(key, { hint, error })}
        >
          <option value="">{none}</option>
          {repositories.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
    )
  }
  return (
    <>
      {field('repositoryId', 'Repository', 'As each source says', 'Where all of its backups are saved.')}
      {field(
        'copyRepositoryId',
        'Second copy in',
        'As the repository says',
        'In place of where the repository’s copies go.',
      )}
    </>
  )
}
