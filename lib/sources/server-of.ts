import { allDrivers } from './registry.ts'

/**
 * The server that a source's data comes from, “db.example.org:5432”, from its stored settings; null for what lies on the
 * worker itself.
 */
export function serverOf(kind: string, settings: unknown): string | null {
  const fields = allDrivers().find((driver) => driver.kind === kind)?.serverFields ?? []
  const values = fields.map((field) => field.split('.').reduce<unknown>(at, settings))
  const isNamed = values.length > 0 && values.every((value) => value !== undefined && value !== '')
  return isNamed ? values.join(':').toLowerCase() : null
}

const at = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
