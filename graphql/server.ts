import { ApolloServer, type ApolloServerPlugin } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { viewer } from '#lib/auth/viewer.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import { startSpan } from '#lib/tracing/trace.ts'
import { type Context, originOf } from './context.ts'
import { formatError } from './errors.ts'
import { schema } from './schema.ts'

export interface RequestFacts {
  cookie: string | null
  authorization: string | null
  clientName: string | null
  address: string | null
}

export function openApollo(runtime: Runtime): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    formatError: (formatted, error) => formatError(runtime.log, formatted, error),
    plugins: [ApolloServerPluginLandingPageDisabled(), timing(runtime)],
  })
}

/** Notes how long each operation took, and traces it. */
function timing({ metrics }: Runtime): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      const timed = metrics.graphql.startTimer()
      const span = startSpan('graphql')
      return {
        async willSendResponse({ operation, errors }) {
          const [kind, name] = [operation?.operation ?? 'none', operation?.name?.value]
          timed({ operation: kind, result: errors?.length ? 'error' : 'ok' })
          span.updateName(`graphql ${kind}`)
          span.setAttributes({ 'graphql.operation.type': kind, ...(name && { 'graphql.operation.name': name }) })
          span.end()
        },
      }
    },
  }
}

/** Who asks, through which door. One per operation; `signal` says when nobody waits for the answer any more. */
export async function contextOf(
  runtime: Runtime,
  facts: RequestFacts,
  signal: AbortSignal = new AbortController().signal,
): Promise<Context> {
  const actor = await viewer(runtime, facts)
  return { runtime, actor, origin: originOf(actor, facts.clientName), signal }
}
