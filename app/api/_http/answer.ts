import type { ErrorKind } from '#lib/errors/catalogue.ts'
import { type CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import type { Log } from '#lib/log/log.ts'

const status: Record<ErrorKind, number> = {
  input: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  limit: 429,
  source: 502,
  repository: 502,
  machine: 503,
  internal: 500,
}

/** Answers an error: code, what happened, what to do. Never a stack trace; unforeseen ones go to the log. */
export function answerError(thrown: unknown, log: Log): Response {
  const error: CodedError = toCodedError(thrown)
  if (error.code === 'UNEXPECTED') log.error({ err: thrown }, 'http')
  const seconds = (error.details as { retryAfterSeconds?: number }).retryAfterSeconds
  return Response.json(
    { error: { code: error.code, message: error.message, remedy: error.remedy } },
    { status: status[error.kind], headers: seconds === undefined ? {} : { 'retry-after': String(seconds) } },
  )
}
