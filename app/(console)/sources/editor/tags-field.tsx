import { describedBy, Field, Input } from '#app/_ui/field.tsx'

interface Props {
  value: string
  onChange: (text: string) => void
  error: string | undefined
}

/** Words by which plans choose sources. */
export function TagsField({ value, onChange, error }: Props) {
  return (
    <Field label="Tags" htmlFor="tags" hint="With commas between. Plans can choose sources by them." error={error}>
      <Input
        id="tags"
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        {...describedBy('tags', { hint: true, error })}
      />
    </Field>
  )
}
