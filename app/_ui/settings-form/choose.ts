import { type Draft, draftOf, fieldsIn, isChoice } from './draft.ts'
import { alternativesOf, type FormNode, shapeOf, unwrap } from './schema.ts'

/**
 * The draft with the setting at a dotted path filled in; of alternatives, the one that has the setting is chosen.
 * Null where the form has no such setting.
 */
export function fill(given: FormNode, draft: Draft, path: string, value: unknown): Draft | null {
  const node = unwrap(given)
  const [name = '', ...rest] = path.split('.')
  if (shapeOf(node) === 'choice') {
    const current = isChoice(draft) ? draft : draftOf(node)
    const at = alternativesOf(node).findIndex((one) => Object.hasOwn(unwrap(one).properties ?? {}, name))
    const picked = alternativesOf(node)[at]
    if (!isChoice(current) || picked === undefined) return null
    const fields = fill(picked, current.fields, path, value)
    return fields === null ? null : { ...current, chosen: at, fields: fieldsIn(fields) }
  }
  const field = node.properties?.[name]
  if (field === undefined) return null
  const fields = fieldsIn(draft)
  const inner =
    rest.length === 0 ? draftOf(field, value) : fill(field, fields[name] ?? draftOf(field), rest.join('.'), value)
  return inner === null ? null : { ...fields, [name]: inner }
}
