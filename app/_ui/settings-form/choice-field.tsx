import { FieldNotes } from '#app/_ui/field.tsx'
import { draftOf, fieldsIn, isChoice } from './draft.ts'
import { FieldOf, type FieldProps, idOf } from './field-of.tsx'
import { errorOf, Fields } from './fields.tsx'
import { alternativesOf, shapeOf, unwrap } from './schema.ts'

/** One of several alternatives: radio buttons, and the fields of the one that is chosen. */
export function ChoiceField({ node, name, path, draft, context, onChange }: FieldProps) {
  const id = idOf({ context, path })
  const alternatives = alternativesOf(node).map(unwrap)
  const made = isChoice(draft) ? draft : draftOf(node)
  if (!isChoice(made)) return null
  const choice = made
  const picked = alternatives[choice.chosen]
  const error = errorOf(context, path)
  return (
    <fieldset className="grid min-w-0 gap-3" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="mb-1.5 text-small font-medium">{node.title ?? name}</legend>
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {alternatives.map((one, at) => (
          <label key={one.title ?? at} className="inline-flex min-h-8 items-center gap-2">
            <input
              type="radio"
              name={id}
              checked={at === choice.chosen}
              onChange={() => onChange({ ...choice, chosen: at })}
              className="size-4"
            />
            {one.title ?? `Choice ${at + 1}`}
          </label>
        ))}
      </div>
      <FieldNotes htmlFor={id} hint={picked?.description ?? node.description} error={error} />
      {picked === undefined || picked.const !== undefined ? null : shapeOf(picked) === 'object' ? (
        <Fields
          node={picked}
          draft={fieldsIn(choice)}
          path={path}
          context={context}
          onChange={(fields) => onChange({ ...choice, fields })}
        />
      ) : (
        <FieldOf
          node={picked}
          name={name}
          path={path}
          required
          draft={choice.values[choice.chosen]}
          context={context}
          onChange={(value) =>
            onChange({ ...choice, values: choice.values.map((old, at) => (at === choice.chosen ? value : old)) })
          }
        />
      )}
    </fieldset>
  )
}
