import { Choice, describedBy, Field, Input, Select } from '#app/_ui/field.tsx'

/** The choice of an environment that is still to be made. */
export const NEW = ''

interface Props {
  environments: { name: string }[]
  environment: string
  onChange: (name: string) => void
  added: { name: string; protected: boolean }
  onAdd: (added: { name: string; protected: boolean }) => void
  error: string | undefined
}

export function EnvironmentChoice({ environments, environment, onChange, added, onAdd, error }: Props) {
  const names = [...new Set([...environments.map((one) => one.name), environment])].filter((one) => one !== NEW)
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Environment" htmlFor="environment" error={environment === NEW ? undefined : error}>
          <Select id="environment" value={environment} onChange={(event) => onChange(event.target.value)}>
            {names.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
            <option value={NEW}>A new environment …</option>
          </Select>
        </Field>
        {environment === NEW ? (
          <Field label="Name of the new environment" htmlFor="new-environment" error={error}>
            <Input
              id="new-environment"
              aria-required
              autoComplete="off"
              value={added.name}
              onChange={(event) => onAdd({ ...added, name: event.target.value })}
              placeholder="production"
              {...describedBy('new-environment', { error })}
            />
          </Field>
        ) : null}
      </div>
      {environment === NEW ? (
        <Choice
          kind="checkbox"
          name="protected"
          checked={added.protected}
          onChange={(isProtected) => onAdd({ ...added, protected: isProtected })}
          detail="The console asks before a backup of it is triggered."
        >
          Protected
        </Choice>
      ) : null}
    </>
  )
}
