import type { RequestFacts } from '#graphql/server.ts'

/** What a request says about who sends it. */
export function factsOf(request: Request): RequestFacts {
  return {
    cookie: request.headers.get('cookie'),
    authorization: request.headers.get('authorization'),
    clientName: request.headers.get('apollographql-client-name'),
    address: request.headers.get('x-backup-trigger-peer'),
  }
}
