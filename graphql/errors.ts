import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { Code, Details } from '#lib/errors/catalogue.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Log } from '#lib/log/log.ts'
import { builder } from './builder.ts'

const fieldIssue = builder.objectRef<{ path: string; problem: string }>('FieldIssue').implement({
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Dotted: “settings.connection.host”. Empty: the whole input.' }),
    problem: t.exposeString('problem'),
  }),
})

builder.objectType(CodedError, {
  name: 'Problem',
  description: 'What went wrong: a code that never changes its meaning, what happened, and what to do.',
  fields: (t) => ({
    code: t.exposeString('code'),
    message: t.exposeString('message'),
    remedy: t.exposeString('remedy'),
    retryAfterSeconds: t.int({
      nullable: true,
      description: 'When the same request may succeed, for limits.',
      resolve: (error) => detailsOf(error, 'RATE_LIMITED')?.retryAfterSeconds,
    }),
    issues: t.field({
      type: [fieldIssue],
      description: 'Which field of the input is wrong, and what about it; of INPUT_INVALID.',
      resolve: (error) => detailsOf(error, 'INPUT_INVALID')?.issues ?? [],
    }),
  }),
})

/** By its code alone: the member of a union is a proxy that `instanceof` does not see through. */
function detailsOf<C extends Code>(error: CodedError, code: C): Details<C> | null {
  return (error.code as Code) === code ? (error.details as unknown as Details<C>) : null
}

/**
 * What a client sees of an error: coded ones with code and remedy, GraphQL's own (syntax, validation, limits) as they are,
 * and everything else as UNEXPECTED, with the truth in the log only.
 */
export function formatError(log: Log, formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = rootOf(error)
  const { path, locations } = formatted
  if (original instanceof CodedError)
    return {
      message: original.message,
      path,
      locations,
      extensions: { code: original.code, remedy: original.remedy },
    }
  if (original instanceof GraphQLError)
    return {
      message: formatted.message,
      path,
      locations,
      extensions: { code: formatted.extensions?.code ?? 'BAD_REQUEST' },
    }
  log.error({ err: original, path }, 'graphql')
  const unexpected = new CodedError('UNEXPECTED', {})
  return { message: unexpected.message, path, extensions: { code: unexpected.code, remedy: unexpected.remedy } }
}

/** What was thrown first: execution, validation and sockets each wrap it in a GraphQLError of their own. */
function rootOf(error: unknown): unknown {
  let root = error
  while (root instanceof GraphQLError && root.originalError) root = root.originalError
  return root
}
