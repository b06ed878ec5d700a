import { describedBy, Field, Input } from '#app/_ui/field.tsx'

interface Props {
  existing: boolean
  password: string
  onChange: (password: string) => void
  error: string | undefined
}

/** Of the repository itself. A new one needs none from a person. */
export function PasswordField({ existing, password, onChange, error }: Props) {
  const hint = existing
    ? 'The one that restic asks for. Stored encrypted.'
    : 'Leave it empty for a random one, which is best. The recovery kit shows it, and without it nobody can read the backups.'
  return (
    <Field
      label={existing ? 'Its password' : 'Password of the repository (optional)'}
      htmlFor="password"
      hint={hint}
      error={error}
    >
      <Input
        id="password"
        type="password"
        autoComplete="new-password"
        spellCheck={false}
        aria-required={existing || undefined}
        value={password}
        onChange={(event) => onChange(event.target.value)}
        {...describedBy('password', { hint, error })}
      />
    </Field>
  )
}
