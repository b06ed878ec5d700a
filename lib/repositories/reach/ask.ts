import { request as plainRequest, type RequestOptions } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { unreachable } from './connect-to.ts'

export interface Question {
  url: URL
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  body?: string
  /** Certificates of authorities (PEM) to trust instead of the system's. */
  ca?: string
}

/**
 * Asks once, follows nothing and reads no answer beyond its status. Rejects with REPOSITORY_UNREACHABLE,
 * REPOSITORY_TLS_FAILED or the signal's reason.
 */
export async function ask({ url, method, headers, body, ca }: Question, repository: string, signal: AbortSignal) {
  const options: RequestOptions & { ca?: string } = { method, headers, signal, agent: false, ...(ca ? { ca } : {}) }
  const request = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, options)
  try {
    return await new Promise<number>((resolve, reject) => {
      request.once('error', reject)
      request.once('response', (response) => {
        response.on('error', () => {}) // only the status counts
        response.destroy()
        resolve(response.statusCode ?? 0)
      })
      request.end(body)
    })
  } catch (thrown) {
    signal.throwIfAborted()
    throw unreachable(thrown, repository) ?? thrown
  } finally {
    request.destroy()
  }
}
