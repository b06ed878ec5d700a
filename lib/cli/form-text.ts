import { columns, printable } from './format.ts'
import type { Form } from './settings.ts'

interface Node {
  title?: string
  description?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  required?: string[]
  properties?: Record<string, Node>
  items?: Node
  anyOf?: Node[]
  oneOf?: Node[]
}

/** The settings of a kind: name, what it may be, and the words of its form. */
export function formLines({ form, secretFields }: Form): string[] {
  return columns(settingsOf(form, '', secretFields))
}

function settingsOf(node: Node, path: string, secrets: string[]): string[][] {
  const own = Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const inner = settingsOf(field, at, secrets)
    if (inner.length > 0 && !field.items) return inner
    const required = node.required?.includes(name) ? 'required' : ''
    const words = [field.title, field.description].filter(Boolean).join(': ')
    return [[at, secrets.includes(at) ? 'secret' : mayBe(field), required, printable(words)]]
  })
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter((one) => one.properties)
  return [
    ...own,
    ...alternatives.flatMap((one, at) => [
      [`${at === 0 ? 'either' : 'or'} ${one.title ?? 'another'}:`, '', '', ''],
      ...settingsOf(one, path, secrets),
    ]),
  ]
}

function mayBe(field: Node): string {
  if (field.const !== undefined) return String(field.const)
  if (field.enum) return field.enum.join('|')
  if (field.items) return field.items.type === 'string' ? 'list of string' : 'list'
  return field.type ?? 'value'
}
