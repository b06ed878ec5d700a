import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { callHook } from './call-hook.ts'
import { hookInput, hooksInput } from './hook.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let folder: string
let port: number
let answer: Answer = () => {}
const received: { path: string; headers: IncomingMessage['headers']; body: string }[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  received.push({ path: request.url ?? '', headers: request.headers, body })
  answer(request, response)
})
const status =
  (code: number, headers = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end('x'.repeat(10))

const notice = {
  phase: 'after' as const,
  outcome: 'partial',
  plan: 'nightly $(x)',
  backup_id: 'b1',
  environments: ['live'],
  sources: [{ name: 'shop', environment: 'live' }],
}

async function call(raw: object, more: { networks?: string[]; token?: string; signal?: AbortSignal } = {}) {
  const lines: string[] = []
  const config = {
    COMMANDS_FILE: join(folder, 'commands.json'),
    WEBHOOK_PRIVATE_NETWORKS: more.networks ?? ['127.0.0.0/8'],
  }
  await callHook(hookInput.parse(raw), {
    config,
    notice,
    key: 'k1',
    token: more.token === undefined ? null : new Secret(more.token),
    signal: more.signal ?? new AbortController().signal,
    onLine: (line) => lines.push(line),
  })
  return lines
}
const webhook = (more: object = {}) => ({ kind: 'webhook', url: `http://127.0.0.1:${port}/in?x=1`, ...more })
const command = (name: string, more: object = {}) => ({ kind: 'command', command: name, ...more })
const refusal = (code: string, details: object = {}) => expect.objectContaining({ code, ...details })

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'backup-trigger-hooks-')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  const script = join(folder, 'hook.sh')
  await writeFile(script, '#!/bin/sh\necho "word: $1"; echo "aside" >&2; /usr/bin/env > "$2"\n', { mode: 0o755 })
  const argument = { value: 'site', pattern: '[a-z ]+' }
  const commands = [
    { name: 'tell', hook: { program: script, arguments: [argument, join(folder, 'env')] }, environment: { LANG: 'C' } },
    { name: 'fail', hook: { program: '/bin/sh', arguments: ['-c', 'echo "no shop." >&2; exit 3'] } },
    { name: 'hang', hook: { program: '/bin/sleep', arguments: ['60'] } },
    { name: 'dump', backup: { program: '/bin/true' } },
    { name: 'secretive', hook: { program: '/bin/true' }, secrets: ['PIN'] },
  ]
  await writeFile(join(folder, 'commands.json'), JSON.stringify({ commands }), { mode: 0o600 })
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a webhook', () => {
  it('is told of the backup, with its token', async () => {
    answer = status(204)
    expect(await call(webhook(), { token: 's3cret' })).toEqual(['it answered 204'])
    const got = received.pop()
    expect(got).toMatchObject({
      path: '/in?x=1',
      headers: { authorization: 'Bearer s3cret', 'content-type': 'application/json', 'idempotency-key': 'k1' },
    })
    expect(JSON.parse(got?.body ?? '')).toEqual(notice)
  })

  it('succeeds with 2xx only, and follows no redirect', async () => {
    answer = status(302, { location: `http://127.0.0.1:${port}/elsewhere` })
    await expect(call(webhook())).rejects.toThrow('it answered 302, and no redirect is followed')
    expect(received.map(({ path }) => path)).not.toContain('/elsewhere')
    answer = status(500)
    await expect(call(webhook())).rejects.toThrow(refusal('WEBHOOK_FAILED'))
    answer = (request) => request.socket.destroy()
    await expect(call(webhook())).rejects.toThrow('ECONNRESET')
  })

  it('is not called at an address that is not public, by whatever name', async () => {
    received.length = 0
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f000001', '[::ffff:127.0.0.1]'])
      await expect(call(webhook({ url: `http://${host}:${port}/` }), { networks: [] })).rejects.toThrow(
        refusal('WEBHOOK_ADDRESS_REFUSED'),
      )
    expect(received).toEqual([])
  })

  it('that does not answer in its time has failed', async () => {
    answer = () => {}
    await expect(call(webhook({ timeoutSeconds: 1 }))).rejects.toThrow(refusal('HOOK_TOO_LONG'))
  })

  it.each(['ftp://example.org', 'http://user:word@example.org/', 'https://example.org/#x', 'example.org', '/etc'])(
    'cannot be %s',
    (url) => {
      expect(hooksInput.safeParse([{ kind: 'webhook', url }]).success).toBe(false)
    },
  )
})

describe('a command', () => {
  it('of the allowed ones is run with its words, its own environment and what is known of the backup', async () => {
    const lines = await call(command('tell', { values: [{ name: 'site', value: 'my shop' }] }))
    expect(lines.sort()).toEqual(['aside', 'word: my shop'])
    const variables = (await readFile(join(folder, 'env'), 'utf8')).trim().split('\n').sort()
    expect(variables.filter((line) => !/^(_|PWD|SHLVL|OLDPWD)=/.test(line))).toEqual([
      'BACKUP_ID=b1',
      'LANG=C',
      'OUTCOME=partial',
      'PHASE=after',
      'PLAN=nightly $(x)',
    ])
  })

  it.each<[because: string, hook: object]>([
    ['that nobody allows', command('rm')],
    ['that is allowed for backups only', command('dump')],
    ['that needs secrets', command('secretive')],
    ['with a value that does not fit', command('tell', { values: [{ name: 'site', value: '$(x)' }] })],
    ['without a value', command('tell')],
    ['with a value that it does not take', command('hang', { values: [{ name: 'site', value: 'x' }] })],
  ])('%s is refused', async (_because, hook) => {
    await expect(call(hook)).rejects.toThrow(refusal('COMMAND_NOT_ALLOWED'))
  })

  it('that fails says so, with its last word', async () => {
    await expect(call(command('fail'))).rejects.toThrow('The command “fail” failed (exit 3): no shop.')
  })

  it('is ended when its time has passed, and when it is told to stop', async () => {
    await expect(call(command('hang', { timeoutSeconds: 1 }))).rejects.toThrow(refusal('HOOK_TOO_LONG'))
    const stop = new AbortController()
    const running = call(command('hang'), { signal: stop.signal })
    stop.abort('cancelled')
    await expect(running).rejects.toBe('cancelled')
  })
})
