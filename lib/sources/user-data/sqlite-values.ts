/** How values of SQLite become text and JSON, and come back as what they were. */

export type SqliteValue = null | bigint | number | string | Uint8Array
export type Storage = 'integer' | 'real' | 'text' | 'blob'

export function storageOf(value: SqliteValue): Storage | null {
  if (value === null) return null
  if (typeof value === 'bigint') return 'integer'
  if (typeof value === 'number') return 'real'
  return typeof value === 'string' ? 'text' : 'blob'
}

/** For CSV: blobs as \x and hexadecimal digits, and a real number is never mistaken for an integer. */
export function textOf(value: SqliteValue): string | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'bigint') return String(value)
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)
}

/** A blob is {"blob":"<hexadecimal digits>"}; infinity is a number that is too large for a double, as SQLite writes it. */
export function jsonOf(value: SqliteValue): string {
  if (value instanceof Uint8Array) return `{"blob":"${Buffer.from(value).toString('hex')}"}`
  if (typeof value === 'number' && !Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999'
  if (typeof value === 'number' || typeof value === 'bigint') return textOf(value) as string
  return JSON.stringify(value)
}

/** The reverse of `textOf` for a column in which all values are of one storage class. */
export function fromText(text: string | null, storage: Storage | undefined): SqliteValue {
  if (text === null || storage === undefined) return text
  if (storage === 'integer') return BigInt(text)
  if (storage === 'real') return Number(text)
  return storage === 'blob' ? fromHex(text.slice(2)) : text
}

/** The reverse of a line of `jsonOf` values. */
export function fromJson(line: string): Record<string, SqliteValue> {
  const row = JSON.parse(line, reviveNumber as never) as Record<string, SqliteValue | { blob: string }>
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'object' && value !== null && 'blob' in value) row[name] = fromHex(value.blob)
  return row as Record<string, SqliteValue>
}

/** Integers keep all 64 bits: their digits are read from the source, not from the double. */
function reviveNumber(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && /^-?\d+$/.test(source ?? '') ? BigInt(source as string) : value
}

function fromHex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, 'hex'))
}
