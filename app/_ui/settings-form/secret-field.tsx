import { Button } from '#app/_ui/button.tsx'
import { describedBy, Field, Input, TextArea } from '#app/_ui/field.tsx'
import type { FieldProps } from './field-of.tsx'
import { idOf } from './field-of.tsx'
import { errorOf } from './fields.tsx'

/** A secret is never shown. One that is stored stays unless another is typed in, or it is taken away. */
export function SecretField({ node, name, path, required, draft, context, onChange }: FieldProps) {
  const id = idOf({ context, path })
  const isStored = context.secretsSet.includes(path)
  const isTaken = draft === null
  const error = errorOf(context, path)
  const state = isTaken
    ? 'Will be taken away when you save.'
    : isStored
      ? 'Set. Leave it empty to keep it.'
      : 'Stored encrypted and never shown again.'
  const hint = [state, node.description].filter(Boolean).join(' ')
  const common = {
    id,
    name: id,
    value: typeof draft === 'string' ? draft : '',
    disabled: isTaken,
    autoComplete: 'new-password',
    spellCheck: false,
    placeholder: isStored && !isTaken ? '••••••••' : undefined,
    ...describedBy(id, { hint, error }),
  }
  const title = node.title ?? name
  return (
    <Field label={`${title}${required ? '' : ' (optional)'}`} htmlFor={id} hint={hint} error={error}>
      <div className="flex min-w-0 gap-2">
        {node.multiline ? (
          <TextArea {...common} rows={3} className="font-mono" onChange={(event) => onChange(event.target.value)} />
        ) : (
          <Input {...common} type="password" onChange={(event) => onChange(event.target.value)} />
        )}
        {isStored && !required ? (
          <Button
            className="min-h-9 shrink-0"
            onClick={() => onChange(isTaken ? '' : null)}
            aria-label={
              isTaken ? `Keep the stored ${title.toLowerCase()}` : `Take the stored ${title.toLowerCase()} away`
            }
          >
            {isTaken ? 'Keep' : 'Take away'}
          </Button>
        ) : null}
      </div>
    </Field>
  )
}
