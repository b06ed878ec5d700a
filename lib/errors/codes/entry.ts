/**
 * Every error a person can see. A code never changes its meaning; `message` says what happened, `remedy` what to do.
 * `kind` is who can mend it, which the HTTP and GraphQL doors map onto their own answers; `retry` says whether the same
 * attempt may succeed later by itself.
 */
export type ErrorKind =
  | 'input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'limit'
  | 'source'
  | 'repository'
  | 'machine'
  | 'internal'

export type RetryClass = 'never' | 'later'

interface Entry<D> {
  kind: ErrorKind
  retry: RetryClass
  message: (details: D) => string
  remedy: (details: D) => string
}

export function entry<D = Record<never, never>>(e: Entry<D>): Entry<D> {
  return e
}
