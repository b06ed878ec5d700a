import { useRepositories } from '#app/_data/repositories.ts'
import { describedBy, Field, Select } from '#app/_ui/field.tsx'

interface Props {
  value: string
  onChange: (id: string) => void
  error: string | undefined
}

const hint =
  'A new repository then cuts data as that one does, so that copies need little space. Afterwards, choose it as the second copy in the settings of that one.'

/** Which repository's copies are to go there. */
export function CopyOfChoice({ value, onChange, error }: Props) {
  const repositories = useRepositories().data ?? []
  return (
    <Field label="Made for second copies of" htmlFor="copy-of" hint={hint} error={error}>
      <Select
        id="copy-of"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        {...describedBy('copy-of', { hint, error })}
      >
        <option value="">None</option>
        {repositories.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </Field>
  )
}
