import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

type Plain = Record<string, unknown>

export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An input without what its schema fills in by itself, its keys in the schema's order. Looks into objects within objects and
 * into choices between objects, not into lists. Parsing gives the same before and after.
 */
export function withoutDefaults(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodUnion) {
    const chosen = (schema.options as z.ZodType[]).find((option) => option.safeParse(value).success)
    const left = chosen === undefined ? value : withoutDefaults(chosen, value)
    return isDeepStrictEqual(schema.safeParse(left).data, schema.safeParse(value).data) ? left : value
  }
  const shape = shapeOf(schema)
  if (shape === null || !isPlain(value)) return value
  const known = Object.keys(shape).filter((key) => Object.hasOwn(value, key))
  const others = Object.keys(value)
    .filter((key) => !known.includes(key))
    .sort()
  const kept = [...known, ...others].flatMap((key): [string, unknown][] => {
    const field = Object.hasOwn(shape, key) ? shape[key] : undefined
    if (field === undefined) return [[key, value[key]]]
    const left = field.safeParse(undefined)
    if (left.success && isDeepStrictEqual(left.data, value[key])) return []
    return [[key, withoutDefaults(field, value[key])]]
  })
  return Object.fromEntries(kept)
}

/** The fields of an object's schema, also behind a default or where it may be absent; null for any other. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | null {
  if (schema instanceof z.ZodObject) return schema.shape as Record<string, z.ZodType>
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return shapeOf(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodPipe) return shapeOf(schema.in as z.ZodType)
  return null
}
