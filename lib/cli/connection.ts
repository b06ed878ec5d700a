import { type Backup, backupDocument, cancelDocument, type Problem, triggerDocument } from './documents.ts'
import { CommandFailed, ServerUnreachable } from './failure.ts'

export interface TriggerInput {
  type: string
  environments?: string[]
  sourceIds?: string[]
  description?: string
  databaseName?: string
  storagePath?: string
  compressionLevel?: number
  notificationEnabled?: boolean
  logVerbosity?: string
  retentionDays?: number
  idempotencyKey?: string
}

/** The public API of one server, as the client needs it. Every method throws CommandFailed and nothing else. */
export interface Connection {
  readonly url: string
  readonly token: string | undefined
  trigger(input: TriggerInput): Promise<Backup>
  cancel(id: string): Promise<Backup>
  /** Null when there is no such backup. */
  backup(id: string): Promise<Backup | null>
  /** The data of any operation. */
  ask<T>(query: string, variables: Record<string, unknown>): Promise<T>
  /** The success of a mutation that answers a result union, for which the server may need longer than usual. */
  result<T>(mutation: string, variables: Record<string, unknown>, timeoutMs?: number): Promise<T>
}

const ANSWER_TIMEOUT_MS = 30_000

export function connect(options: { url: string; token: string | undefined }): Connection {
  const url = parseServerUrl(options.url)
  const { token } = options

  async function ask<T>(query: string, variables: Record<string, unknown>, timeoutMs = ANSWER_TIMEOUT_MS): Promise<T> {
    let response: Response
    let body: unknown
    try {
      response = await fetch(`${url}/api/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify({ query, variables }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      body = await response.json().catch(() => undefined)
    } catch (error) {
      throw new ServerUnreachable(url, reasonOf(error, timeoutMs), error)
    }
    return readAnswer<T>(response, body, url)
  }

  async function result<T>(mutation: string, variables: Record<string, unknown>, timeoutMs?: number): Promise<T> {
    const [answer] = Object.values(await ask<Record<string, T | Problem>>(mutation, variables, timeoutMs))
    return successOf(answer as T | Problem)
  }

  return {
    url,
    token,
    ask: (query, variables) => ask(query, variables),
    result,
    async trigger(input) {
      return (await result<{ backup: Backup }>(triggerDocument, { input })).backup
    },
    async cancel(id) {
      return (await result<{ backup: Backup }>(cancelDocument, { id })).backup
    },
    async backup(id) {
      return (await ask<{ backup: Backup | null }>(backupDocument, { id })).backup
    },
  }
}

/** Of a result union. Throws CommandFailed when it is a problem. */
export function successOf<T>(answer: T | Problem): T {
  if (isProblem(answer)) throw new CommandFailed(answer.message, answer.remedy, { code: answer.code })
  const { __typename: _, ...success } = answer as T & { __typename?: string }
  return success as T
}

const isProblem = (answer: unknown): answer is Problem =>
  (answer as { __typename?: string } | null)?.__typename === 'Problem'

interface GraphqlError {
  message: string
  extensions?: { code?: unknown; remedy?: unknown }
}

function readAnswer<T>(response: Response, body: unknown, url: string): T {
  const answer = (typeof body === 'object' && body !== null ? body : {}) as { data?: T | null; errors?: GraphqlError[] }
  const [error] = answer.errors ?? []
  if (response.status === 401 || error?.extensions?.code === 'UNAUTHENTICATED') throw notSignedIn()
  if (error) {
    const { code, remedy } = error.extensions ?? {}
    throw new CommandFailed(
      error.message,
      typeof remedy === 'string' ? remedy : 'Correct the request and send it again.',
      typeof code === 'string' ? { code } : {},
    )
  }
  if (answer.data) return answer.data
  if (response.status >= 500) throw new ServerUnreachable(url, `it answered ${response.status}`)
  throw new CommandFailed(
    `${url} answered ${response.status} and not as this program’s API does.`,
    'Check the address (--url or BACKUP_TRIGGER_URL): it is the one that the console is opened with.',
  )
}

function notSignedIn(): CommandFailed {
  return new CommandFailed(
    'The server wants a valid API token.',
    'Make one with “npm run token -- --email … --scope backup:trigger --scope backup:read --days 90” and pass it in BACKUP_TRIGGER_TOKEN or --token.',
    { code: 'UNAUTHENTICATED' },
  )
}

/** The server's address without a trailing slash. */
export function parseServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.protocol === 'http:' || url.protocol === 'https:'))
    return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
  throw new CommandFailed(
    `“${text}” is not the address of a server.`,
    'Give one that starts with http:// or https://, for example --url http://127.0.0.1:3000.',
  )
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} seconds`
  const cause = error.cause
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}
