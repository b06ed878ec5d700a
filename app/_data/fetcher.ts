import type { TypedDocumentString } from '#graphql/documents/generated/graphql.ts'

interface ErrorExtensions {
  code?: string
  remedy?: string
}

interface Answer<Result> {
  data?: Result | null
  errors?: { message: string; extensions?: ErrorExtensions }[]
}

/** An answer that is not the one asked for: what happened (`message`), what to do (`remedy`), and its code. */
export class ApiError extends Error {
  readonly code: string
  readonly remedy: string

  constructor(code: string, message: string, remedy: string) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.remedy = remedy
  }
}

/** Sends one operation to the API. Throws `ApiError` for everything that is not a complete answer. */
export async function request<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables?: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await send(JSON.stringify({ query: document.toString(), variables: variables ?? {} }), signal)
  const answer = await parse<Result>(response)
  const first = answer.errors?.[0]
  if (first) {
    throw new ApiError(
      first.extensions?.code ?? 'INTERNAL',
      first.message,
      first.extensions?.remedy ?? 'Try again. If it happens again, look at the server’s log.',
    )
  }
  if (!answer.data) throw unreadable(response.status)
  return answer.data
}

async function send(body: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch('/api/graphql', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', 'apollo-require-preflight': '1' },
      body,
      signal: signal ?? null,
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(
      'SERVER_UNREACHABLE',
      'The server does not answer.',
      'Check your connection and that the server runs. The page tries again by itself.',
    )
  }
}

async function parse<Result>(response: Response): Promise<Answer<Result>> {
  try {
    return (await response.json()) as Answer<Result>
  } catch {
    throw unreadable(response.status)
  }
}

function unreadable(status: number): ApiError {
  return new ApiError(
    'ANSWER_UNREADABLE',
    `The server answered with something the console cannot read (HTTP ${status}).`,
    'Look at the server’s log, and at any proxy between this browser and the server.',
  )
}
