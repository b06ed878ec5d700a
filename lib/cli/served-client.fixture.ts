/** The client against the real API of an installation, over HTTP. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { expect } from 'vitest'
import { POST as graphqlDoor } from '#app/api/graphql/route.ts'
import { GET as downloadDoor } from '#app/api/snapshot-download/route.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import type { Installation } from '#lib/testing/installation.ts'
import { main } from './main.ts'

/** As the server does: an answer that breaks breaks the connection. */
async function pipeTo(to: ServerResponse, answer: Response): Promise<void> {
  to.writeHead(answer.status, Object.fromEntries(answer.headers))
  await pipeline(Readable.fromWeb(answer.body as never), to).catch(() => to.destroy())
}

interface Given {
  stdin?: string
  variables?: Record<string, string>
}

export interface Client {
  /** One command line of the group. */
  run(args: string[], given?: Given): Promise<{ code: number; stdout: string; stderr: string }>
  /** The objects that a command that succeeds prints. */
  // biome-ignore lint/suspicious/noExplicitAny: the answers are checked by the test that asks
  json(args: string[], given?: Given): Promise<any[]>
  close(): void
}

export async function serveClient(home: Installation, group: string): Promise<Client> {
  setRuntime(home.runtime)
  const scopes = ['backup:read', 'backup:trigger', 'backup:restore', 'settings:write'] as const
  const { token } = await createToken(home.runtime, { email: home.admin.email, scopes, days: 1, name: 'test' })
  const server = createServer(async (request, response) => {
    const { authorization = '', 'content-type': type = '' } = request.headers
    if (request.method === 'GET')
      return void pipeTo(
        response,
        await downloadDoor(new Request(`http://localhost${request.url}`, { headers: { authorization } })),
      )
    const body = await text(request)
    const headers = { authorization, 'content-type': type }
    const answer = await graphqlDoor(new Request('http://localhost/api/graphql', { method: 'POST', headers, body }))
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`

  const run: Client['run'] = async (args, { stdin = '', variables = {} } = {}) => {
    let stdout = ''
    let stderr = ''
    const code = await main([group, ...args], {
      environment: { url, token: token.reveal(), colour: false },
      stdout: { write: (line) => (stdout += line) },
      stderr: { write: (line) => (stderr += line) },
      interrupted: new AbortController().signal,
      input: { readStdin: async () => stdin, variable: (name) => variables[name] },
    })
    return { code, stdout, stderr }
  }
  return {
    run,
    async json(args, given = {}) {
      const { code, stdout, stderr } = await run([...args, '--json'], given)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    },
    close: () => void server.close(),
  }
}
