import { alternativesOf, type FormNode, fieldsOf, shapeOf, unwrap } from './schema.ts'

/**
 * What a person has filled in, as controls hold it: text for texts, numbers, lines and pairs; a flag; the drafts of a list
 * or of an object's fields. A secret that is null is to be taken away. Alternatives share the fields of the same name, so
 * that changing between them loses nothing.
 */
export type Draft = string | boolean | null | Draft[] | ChoiceDraft | { [name: string]: Draft }
export interface ChoiceDraft {
  chosen: number
  fields: { [name: string]: Draft }
  /** Of alternatives that are no objects. */
  values: Draft[]
}

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isChoice = (draft: Draft | undefined): draft is ChoiceDraft => isPlain(draft) && 'chosen' in draft
export const fieldsIn = (draft: Draft | undefined): { [name: string]: Draft } =>
  isPlain(draft) ? (isChoice(draft) ? draft.fields : (draft as { [name: string]: Draft })) : {}

/** The draft that shows `value`, or the node's default when there is none. */
export function draftOf(given: FormNode, value: unknown = given.default): Draft {
  const node = unwrap(given)
  switch (shapeOf(node)) {
    case 'object':
      return Object.fromEntries(
        fieldsOf(node).map(([name, field]) => [name, draftOf(field, isPlain(value) ? value[name] : undefined)]),
      )
    case 'choice':
      return choiceOf(node, value)
    case 'list':
      return (Array.isArray(value) ? value : empties(node)).map((one) => draftOf(node.items ?? {}, one))
    case 'lines':
      return Array.isArray(value) ? value.join('\n') : ''
    case 'pairs':
      return isPlain(value)
        ? Object.entries(value)
            .map(([name, text]) => `${name}=${text}`)
            .join('\n')
        : ''
    case 'flag':
      return value === true
    case 'json':
      return value === undefined ? '' : JSON.stringify(value, null, 2)
    case 'option':
      return value === undefined ? '' : String(value)
    default:
      return value === undefined || value === null ? '' : String(value)
  }
}

const empties = (node: FormNode): undefined[] => Array.from({ length: node.minItems ?? 0 }, () => undefined)

function choiceOf(node: FormNode, value: unknown): ChoiceDraft {
  const alternatives = alternativesOf(node).map(unwrap)
  const chosen = Math.max(
    0,
    alternatives.findIndex((one) => value !== undefined && fits(one, value)),
  )
  const objects = alternatives.filter((one) => shapeOf(one) === 'object')
  const fields = objects.map((one) => draftOf(one) as { [name: string]: Draft })
  const picked = alternatives[chosen]
  return {
    chosen,
    fields: Object.assign(
      {},
      ...fields.reverse(),
      picked && shapeOf(picked) === 'object' ? draftOf(picked, value) : {},
    ),
    values: alternatives.map((one, at) =>
      shapeOf(one) === 'object' ? '' : draftOf(one, at === chosen ? value : undefined),
    ),
  }
}

/** Whether a stored value is of this alternative. */
function fits(node: FormNode, value: unknown): boolean {
  if (node.const !== undefined) return node.const === value
  switch (shapeOf(node)) {
    case 'object': {
      const properties = node.properties ?? {}
      return (
        isPlain(value) &&
        Object.keys(value).every((name) => Object.hasOwn(properties, name)) &&
        (node.required ?? []).every((name) => properties[name]?.secret || value[name] !== undefined) &&
        Object.entries(properties).every(([name, field]) => field.const === undefined || field.const === value[name])
      )
    }
    case 'lines':
    case 'list':
      return Array.isArray(value)
    case 'flag':
      return typeof value === 'boolean'
    case 'number':
      return typeof value === 'number'
    case 'option':
      return node.enum?.includes(value) ?? false
    case 'text':
      return typeof value === 'string'
    default:
      return isPlain(value)
  }
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** The settings that a draft stands for; undefined for a field that is left out. */
export function settingsOf(given: FormNode, draft: Draft | undefined, required = true): unknown {
  const node = unwrap(given)
  if (node.const !== undefined) return node.const
  if (node.secret && draft === null) return null
  switch (shapeOf(node)) {
    case 'object':
      return objectOf(node, fieldsIn(draft))
    case 'choice': {
      const { chosen, fields, values } = isChoice(draft) ? draft : choiceOf(node, undefined)
      const picked = unwrap(alternativesOf(node)[chosen] ?? {})
      return shapeOf(picked) === 'object' ? objectOf(picked, fields) : settingsOf(picked, values[chosen], required)
    }
    case 'list':
      return Array.isArray(draft) ? draft.map((one) => settingsOf(node.items ?? {}, one)) : []
    case 'lines':
      return optional(lines(String(draft ?? '')), required || node.default !== undefined)
    case 'pairs':
      return optional(pairsOf(String(draft ?? '')), required || node.default !== undefined)
    case 'flag':
      return draft === true
    case 'number':
      return numberOf(String(draft ?? '').trim())
    case 'option':
      return node.enum?.find((value) => String(value) === draft)
    case 'json':
      return jsonOf(String(draft ?? ''))
    default:
      return textOf(node, String(draft ?? ''), required)
  }
}

function objectOf(node: FormNode, fields: { [name: string]: Draft }): Plain {
  const required = new Set(node.required)
  return Object.fromEntries(
    Object.entries(node.properties ?? {})
      .map(([name, field]) => [name, settingsOf(field, fields[name], required.has(name))] as const)
      .filter(([, value]) => value !== undefined),
  )
}

function optional<T extends object>(value: T, isKept: boolean): T | undefined {
  return isKept || Object.keys(value).length > 0 ? value : undefined
}

/** An empty text is none, except where the server must say that it is missing. Secrets are never trimmed. */
function textOf(node: FormNode, text: string, required: boolean): string | undefined {
  const value = node.secret || node.multiline ? text : text.trim()
  return value === '' && (!required || node.secret) ? undefined : value
}

/** What is no number is sent as it is, for the server to refuse. */
function numberOf(text: string): number | string | undefined {
  if (text === '') return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}

function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    lines(text).map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}

function jsonOf(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
