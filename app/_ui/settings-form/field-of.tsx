import { Choice, describedBy, Field, Input, Select, TextArea } from '#app/_ui/field.tsx'
import { ChoiceField } from './choice-field.tsx'
import type { Draft } from './draft.ts'
import { errorOf, Fields, type FormContext } from './fields.tsx'
import { ListField } from './list-field.tsx'
import { type FormNode, shapeOf } from './schema.ts'
import { SecretField } from './secret-field.tsx'

export interface FieldProps {
  node: FormNode
  name: string
  /** Dotted: `connection.host`. */
  path: string
  required: boolean
  draft: Draft | undefined
  context: FormContext
  onChange: (draft: Draft) => void
}

export const idOf = ({ context, path }: Pick<FieldProps, 'context' | 'path'>): string =>
  `${context.name}-${path.replaceAll('.', '-')}`

/** The control that fits one setting. */
export function FieldOf(props: FieldProps) {
  const { node, name, path, draft, context, onChange } = props
  const id = idOf(props)
  const title = node.title ?? name
  switch (shapeOf(node)) {
    case 'object':
      return (
        <fieldset className="grid min-w-0 gap-3 rounded-control border border-line p-3">
          <legend className="px-1 text-small font-medium">{title}</legend>
          <Fields node={node} draft={draft} path={path} context={context} onChange={onChange} />
        </fieldset>
      )
    case 'choice':
      return <ChoiceField {...props} />
    case 'list':
      return <ListField {...props} />
    case 'flag':
      return (
        <Choice kind="checkbox" name={id} checked={draft === true} onChange={onChange} detail={node.description}>
          {title}
        </Choice>
      )
    default:
      return node.secret ? <SecretField {...props} /> : <TextField {...props} />
  }
}

const notes = { lines: 'One a line.', pairs: 'One a line, as name=value.', json: 'As JSON.' } as Record<string, string>

function TextField({ node, name, path, required, draft, context, onChange }: FieldProps) {
  const id = idOf({ context, path })
  const shape = shapeOf(node)
  const error = errorOf(context, path, true)
  const hint = [notes[shape], node.description].filter(Boolean).join(' ')
  const example = node.examples?.[0]
  const isText = shape === 'text' || shape === 'number'
  const common = {
    id,
    name: id,
    value: typeof draft === 'string' ? draft : '',
    'aria-required': required || undefined,
    placeholder: example === undefined ? undefined : [example].flat().join('\n'),
    ...describedBy(id, { hint, error }),
  }
  const label = `${node.title ?? name}${required || shape === 'option' || node.default !== undefined ? '' : ' (optional)'}`
  return (
    <Field label={label} htmlFor={id} hint={hint} error={error}>
      {shape === 'option' ? (
        <OptionSelect node={node} required={required} common={common} onChange={onChange} />
      ) : isText && !node.multiline ? (
        <Input
          {...common}
          type="text"
          inputMode={shape === 'number' ? 'numeric' : undefined}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <TextArea
          {...common}
          rows={3}
          spellCheck={false}
          className={node.multiline || shape === 'json' ? 'font-mono' : ''}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

interface OptionSelectProps {
  node: FormNode
  required: boolean
  common: { id: string; name: string; value: string }
  onChange: (draft: string) => void
}

function OptionSelect({ node, required, common, onChange }: OptionSelectProps) {
  return (
    <Select {...common} onChange={(event) => onChange(event.target.value)}>
      {node.default === undefined ? <option value="">{required ? 'Choose …' : 'Not set'}</option> : null}
      {(node.enum ?? []).map((value) => (
        <option key={String(value)} value={String(value)}>
          {node.enumTitles?.[String(value)] ?? String(value)}
        </option>
      ))}
    </Select>
  )
}
