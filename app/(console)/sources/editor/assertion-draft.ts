/** An assertion while it is edited: every field as it is typed. */
export interface AssertionDraft {
  kind: 'sql' | 'file'
  name: string
  sql: string
  compare: string
  value: string
  database: string
  path: string
  sha256: string
  minBytes: string
  newerThanHours: string
}

export const newAssertion: AssertionDraft = {
  ...{ kind: 'sql', name: '', sql: '', compare: 'equals', value: '', database: '' },
  ...{ path: '', sha256: '', minBytes: '', newerThanHours: '' },
}

/** From what the server holds. */
export function assertionDrafts(stored: readonly unknown[]): AssertionDraft[] {
  return stored.map((one) => {
    const texts = Object.entries(one as object).map(([field, value]) => [field, String(value)])
    return { ...newAssertion, ...Object.fromEntries(texts) }
  })
}

/** What the server is asked. Empty fields that may be left out are; text that is no number goes as null, which it refuses. */
export function assertionInputs(drafts: readonly AssertionDraft[]): Record<string, unknown>[] {
  return drafts.map(({ kind, name, sql, compare, value, database, path, sha256, minBytes, newerThanHours }) =>
    kind === 'sql'
      ? { kind, name, sql, compare, value, ...(database.trim() && { database: database.trim() }) }
      : {
          ...{ kind, name, path },
          ...(sha256.trim() && { sha256: sha256.trim().toLowerCase() }),
          ...(minBytes.trim() && { minBytes: Number(minBytes) }),
          ...(newerThanHours.trim() && { newerThanHours: Number(newerThanHours) }),
        },
  )
}
