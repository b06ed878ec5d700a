import { startServerAndCreateNextHandler } from '@as-integrations/next'
import { factsOf } from '#app/api/_http/request.ts'
import { contextOf, openApollo } from '#graphql/server.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

let handler: ((request: Request) => Promise<Response>) | undefined

function handle(request: Request): Promise<Response> {
  handler ??= startServerAndCreateNextHandler<Request, Awaited<ReturnType<typeof contextOf>>>(openApollo(runtime()), {
    context: (incoming) => contextOf(runtime(), factsOf(incoming), incoming.signal),
  })
  return handler(request)
}

export { handle as GET, handle as POST }
