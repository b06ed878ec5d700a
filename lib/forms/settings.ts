import { z } from 'zod'
import { Secret } from '#lib/secrets/secret.ts'

/**
 * The words for a setting in a form, given by zod's `.meta({…})` beside the standard `title`, `description` (a hint) and
 * `examples` (the first is shown in the empty field). Every setting needs a title; see form.ts.
 */
export interface FieldWords {
  /** Never shown again once it is stored. */
  secret?: true
  /** Whether the field is one that few need: shown behind “More”. */
  advanced?: true
  /** One text of several lines, such as a query. */
  multiline?: true
  /** What the values of an enum are called. */
  enumTitles?: Record<string, string>
}

declare module 'zod' {
  interface GlobalMeta extends FieldWords {}
}

/** A secret setting: text on the way in, a `Secret` after parsing. An empty text is no secret; leave the field out instead. */
export const secretText = z
  .union([
    z.instanceof(Secret),
    z
      .string()
      .min(1, 'must not be empty')
      .refine((text) => !text.includes('\0'), 'must not contain a NUL character')
      .transform((value) => new Secret(value)),
  ])
  .meta({ secret: true })

/** An absolute path without surprises: no NUL, no `..`, no trailing slash after parsing. */
export const absolutePath = z
  .string()
  .max(4096, 'is too long')
  .refine((path) => path.startsWith('/'), 'must be an absolute path')
  .refine((path) => !path.includes('\0'), 'must not contain a NUL character')
  .refine((path) => !path.split('/').includes('..'), 'must not contain “..”')
  .transform(
    (path) =>
      `/${path
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .join('/')}`,
  )

type Plain = Record<string, unknown>

/**
 * Unparsed settings in two parts: what may be stored and answered, and the secrets by their dotted names. Secrets that are
 * absent, null or empty are in neither part. The input is not changed.
 */
export function splitSettings(
  settings: Plain,
  secretFields: readonly string[],
): { plain: Plain; secrets: Record<string, string> } {
  const plain = structuredCloneOf(settings)
  const secrets: Record<string, string> = {}
  for (const field of secretFields) {
    const { parent, key } = lookUp(plain, field)
    if (parent === null || !Object.hasOwn(parent, key)) continue
    const value = parent[key]
    delete parent[key]
    const text = value instanceof Secret ? value.reveal() : value
    if (typeof text === 'string' && text !== '') secrets[field] = text
    else if (text !== null && text !== undefined && text !== '') parent[key] = text // for the parser to refuse
  }
  return { plain, secrets }
}

/** The reverse of `splitSettings`, ready for the driver's parser. A secret whose parent is gone is left out. */
export function joinSettings(plain: Plain, secrets: Readonly<Record<string, string>>): Plain {
  const joined = structuredCloneOf(plain)
  for (const [field, value] of Object.entries(secrets)) {
    const { parent, key } = lookUp(joined, field)
    if (parent !== null) parent[key] = value
  }
  return joined
}

function lookUp(root: Plain, field: string): { parent: Plain | null; key: string } {
  const names = field.split('.')
  const key = names.pop() as string
  let parent: Plain | null = root
  for (const name of names) {
    const next: unknown = parent && Object.hasOwn(parent, name) ? parent[name] : null
    parent = isPlain(next) ? next : null
  }
  return { parent, key }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

/** Copies objects and arrays, keeps everything else (a Secret stays the same Secret). */
function structuredCloneOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCloneOf) as T
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCloneOf(inner)])) as T
}
