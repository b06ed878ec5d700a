import { Plus, Trash2 } from 'lucide-react'
import { Button } from '#app/_ui/button.tsx'
import { FieldNotes } from '#app/_ui/field.tsx'
import { draftOf } from './draft.ts'
import { FieldOf, type FieldProps, idOf } from './field-of.tsx'
import { errorOf } from './fields.tsx'
import { unwrap } from './schema.ts'

/** Several of the same: each in a box of its own, with a way to add and to remove one. */
export function ListField({ node, name, path, draft, context, onChange }: FieldProps) {
  const id = idOf({ context, path })
  const items = Array.isArray(draft) ? draft : []
  const item = unwrap(node.items ?? {})
  const title = node.title ?? name
  const error = errorOf(context, path)
  return (
    <fieldset className="grid min-w-0 gap-3" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="mb-1.5 text-small font-medium">{title}</legend>
      <FieldNotes htmlFor={id} hint={node.description} error={error} />
      {items.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the entries have no identity but their place
        <div key={at} className="grid min-w-0 gap-3 rounded-control border border-line p-3">
          <div className="flex items-center justify-between gap-3">
            <span className="text-small text-ink-soft">
              {title}, {at + 1} of {items.length}
            </span>
            <Button
              look="quiet"
              size="small"
              aria-label={`Remove ${title.toLowerCase()} ${at + 1}`}
              onClick={() => onChange(items.filter((_, other) => other !== at))}
            >
              <Trash2 aria-hidden className="size-4" /> Remove
            </Button>
          </div>
          <FieldOf
            node={item.title === undefined ? { ...item, title: 'What' } : item}
            name={String(at)}
            path={`${path}.${at}`}
            required
            draft={one}
            context={context}
            onChange={(changed) => onChange(items.map((old, other) => (other === at ? changed : old)))}
          />
        </div>
      ))}
      <Button className="justify-self-start" onClick={() => onChange([...items, draftOf(item)])}>
        <Plus aria-hidden className="size-4" /> Add one to {title.toLowerCase()}
      </Button>
    </fieldset>
  )
}
