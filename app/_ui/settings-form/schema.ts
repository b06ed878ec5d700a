/** What of JSON Schema the server's forms use; see lib/sources/form.ts. */
export interface FormNode {
  title?: string
  description?: string
  examples?: unknown[]
  default?: unknown
  type?: string
  const?: unknown
  enum?: unknown[]
  enumTitles?: Record<string, string>
  secret?: boolean
  advanced?: boolean
  multiline?: boolean
  minimum?: number
  maximum?: number
  minItems?: number
  required?: string[]
  properties?: Record<string, FormNode>
  additionalProperties?: FormNode | boolean
  items?: FormNode
  oneOf?: FormNode[]
  anyOf?: FormNode[]
}

/** How a node is filled in. `json` is for what no other control fits. */
export type Shape = 'object' | 'choice' | 'list' | 'lines' | 'pairs' | 'flag' | 'option' | 'number' | 'text' | 'json'

/** A node without the alternative “null”, which is the same as leaving the field empty. */
export function unwrap(node: FormNode): FormNode {
  const alternatives = (node.oneOf ?? node.anyOf)?.filter((one) => one.type !== 'null')
  const [only] = alternatives ?? []
  if (alternatives === undefined || only === undefined) return node
  const { oneOf: _, anyOf: __, ...words } = node
  return alternatives.length === 1 ? { ...only, ...words } : { ...words, anyOf: alternatives }
}

export function shapeOf(node: FormNode): Shape {
  if (node.anyOf ?? node.oneOf) return 'choice'
  if (node.enum) return 'option'
  if (node.properties) return 'object'
  switch (node.type) {
    case 'array':
      return node.items && shapeOf(unwrap(node.items)) === 'text' && !node.items.multiline ? 'lines' : 'list'
    case 'object':
      return typeof node.additionalProperties === 'object' && node.additionalProperties.type === 'string'
        ? 'pairs'
        : 'json'
    case 'boolean':
      return 'flag'
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
      return 'text'
    default:
      return 'json'
  }
}

export const alternativesOf = (node: FormNode): FormNode[] => node.anyOf ?? node.oneOf ?? []

/** The named fields of an object that a person fills in: a constant is no question. */
export function fieldsOf(node: FormNode): [name: string, field: FormNode][] {
  return Object.entries(node.properties ?? {})
    .filter(([, field]) => field.const === undefined)
    .map(([name, field]) => [name, unwrap(field)])
}
