import { type Code, catalogue, type Details } from './catalogue.ts'

const BRAND = Symbol.for('system-backup-trigger.coded-error')

/**
 * An error that a person may see. `message` says what happened, `remedy` what to do; both come from the catalogue.
 * Next bundles its own copy of our modules, so `instanceof` goes by a brand: an error of one copy is one of the other's.
 */
export class CodedError<C extends Code = Code> extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }

  get [BRAND](): true {
    return true
  }

  readonly code: C
  readonly details: Details<C>

  constructor(code: C, details: Details<C>, options?: { cause?: unknown }) {
    super((catalogue[code].message as (d: Details<C>) => string)(details), options)
    this.name = 'CodedError'
    this.code = code
    this.details = details
  }

  get remedy(): string {
    return (catalogue[this.code].remedy as (d: Details<C>) => string)(this.details)
  }

  get kind() {
    return catalogue[this.code].kind
  }

  get retry() {
    return catalogue[this.code].retry
  }
}

/** Whatever was thrown, as a CodedError: coded ones as they are, all others as UNEXPECTED with the original as cause. */
export function toCodedError(thrown: unknown): CodedError {
  return thrown instanceof CodedError ? thrown : new CodedError('UNEXPECTED', {}, { cause: thrown })
}

export function isCoded<C extends Code>(thrown: unknown, code: C): thrown is CodedError<C> {
  return thrown instanceof CodedError && (thrown.code as string) === code
}
