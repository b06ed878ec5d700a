import { isMap, isScalar, parseDocument, visit } from 'yaml'

/** Of a file that is read at all. */
export const MOST_BYTES = 1_000_000

/** Where the file says that a secret comes from. */
export type Reference = { fromEnv: string } | { fromFile: string }

/**
 * Those of a file, each once, in its order. None of a file that is too large or no YAML: whoever parses it whole says so. Whoever runs
 * the command line client reads them there; the server never reads its own variables or files for somebody.
 */
export function references(text: string): Reference[] {
  const found = new Map<string, Reference>()
  if (Buffer.byteLength(text) > MOST_BYTES) return []
  visit(parseDocument(text, { logLevel: 'silent' }), {
    Map(_, { items }) {
      const [only, another] = items
      if (only === undefined || another !== undefined || !isScalar(only.key) || !isScalar(only.value)) return
      const { value } = only.value
      if (typeof value !== 'string' || isMap(value)) return
      const reference = referenceOf(only.key.value, value)
      if (reference) found.set(keyOf(reference), reference)
    },
  })
  return [...found.values()]
}

const referenceOf = (key: unknown, value: string): Reference | null => {
  if (key === 'fromEnv') return { fromEnv: value }
  return key === 'fromFile' ? { fromFile: value } : null
}

export const keyOf = (reference: Reference): string =>
  'fromEnv' in reference ? `env ${reference.fromEnv}` : `file ${reference.fromFile}`
