import type { z } from 'zod'
import { joinSettings, splitSettings } from './settings.ts'

type Plain = Record<string, unknown>
/** Secret settings by their dotted names. */
export type Secrets = Readonly<Record<string, string>>

/**
 * New settings in place of stored ones, as plain settings and secrets. A secret that is absent or empty stays as it is
 * stored, one that is null goes, as does a stored one that the new settings have no place for.
 */
export function replaceSettings(
  asks: { readonly settings: z.ZodType; readonly secretFields: readonly string[] },
  given: Plain,
  stored: Secrets,
): { plain: Plain; secrets: Secrets } {
  const { plain, secrets: fresh } = splitSettings(given, asks.secretFields)
  const kept = Object.entries(stored).filter(
    ([field]) => !Object.hasOwn(fresh, field) && valueAt(given, field) !== null && hasParent(plain, field),
  )
  const misplaced = unknownFields(asks.settings, joinSettings(plain, { ...Object.fromEntries(kept), ...fresh }))
  const fitting = kept.filter(([field]) => !misplaced.has(field))
  return { plain, secrets: { ...Object.fromEntries(fitting), ...fresh } }
}

/** The dotted names of the fields that the schema does not know. */
function unknownFields(schema: z.ZodType, settings: Plain): Set<string> {
  const issues = schema.safeParse(settings).error?.issues ?? []
  return new Set(
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key].map(String).join('.')) : [],
    ),
  )
}

function valueAt(settings: Plain, field: string): unknown {
  return field.split('.').reduce<unknown>((at, name) => (isPlain(at) ? at[name] : undefined), settings)
}

function hasParent(settings: Plain, field: string): boolean {
  const names = field.split('.').slice(0, -1)
  return names.length === 0 || isPlain(valueAt(settings, names.join('.')))
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
