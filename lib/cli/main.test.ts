import { afterEach, describe, expect, test } from 'vitest'
import { main } from './main.ts'
import { id, startPeer, stopPeers } from './peer.fixture.ts'

afterEach(stopPeers)

async function run(
  args: string[],
  url: string,
  token: string | undefined = 'good',
  interrupted = new AbortController().signal,
) {
  let stdout = ''
  let stderr = ''
  const code = await main(args, {
    environment: { url, token, colour: false },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    interrupted,
  })
  return { code, stdout, stderr }
}

describe('trigger --wait', () => {
  test.each([
    ['SUCCEEDED', 0],
    ['PARTIAL', 2],
    ['FAILED', 1],
    ['CANCELLED', 1],
  ] as const)('of a backup that ends %s has the exit code %i', async (end, code) => {
    const { url } = await startPeer({ end })
    const result = await run(['trigger', '--type', 'full', '--environment', 'demo', '--wait'], url)
    expect(result).toMatchObject({ code, stderr: '' })
    expect(result.stdout).toContain(`Backup ${id}: ${end}`)
    expect(result.stdout).toContain('demo/shop: INFO half done')
  })

  test('takes the stream up again after the last event when the socket breaks, and repeats nothing', async () => {
    const { url, seen } = await startPeer({ end: 'SUCCEEDED', perStream: 1 })
    const { code, stdout } = await run(['trigger', '--type', 'full', '--wait', '--json'], url)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(seen.afters).toEqual([0, 1, 2, 3])
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 3, 4, undefined])
    expect(lines.at(-1)).toMatchObject({ id, state: 'SUCCEEDED', runs: [{ snapshotId: 'abc123' }] })
    expect(code).toBe(0)
  })

  test('follows by asking where no socket can be opened', async () => {
    const { url, seen } = await startPeer({ end: 'SUCCEEDED', sockets: false })
    expect((await run(['trigger', '--type', 'full', '--wait'], url)).code).toBe(0)
    expect(seen.looks).toBeGreaterThan(2)
  })

  test('tells how to take it up again when the person stops watching', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED', sockets: false })
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 300)
    const { code, stderr } = await run(['trigger', '--type', 'full', '--wait'], url, 'good', stop.signal)
    expect(code).toBe(1)
    expect(stderr).toContain(`backup-trigger watch ${id}`)
  })
})

describe('trigger', () => {
  test('sends every option under the API’s name', async () => {
    const { url, seen } = await startPeer({ end: 'SUCCEEDED' })
    const options = [
      '--source',
      's1',
      's2',
      '--description',
      'x',
      '--database',
      'd',
      '--path',
      '/p',
      '--compression',
      '9',
      '--keep-days',
      '365',
      '--no-notify',
      '--log-verbosity',
      'WARNING',
    ]
    const { code } = await run(
      ['trigger', '--type', 'user-data', '--environment', 'a', 'b', ...options, '--idempotency-key', 'k'],
      url,
    )
    expect(code).toBe(0)
    expect(seen.inputs).toEqual([
      {
        type: 'USER_DATA',
        environments: ['a', 'b'],
        sourceIds: ['s1', 's2'],
        description: 'x',
        databaseName: 'd',
        storagePath: '/p',
        compressionLevel: 9,
        notificationEnabled: false,
        logVerbosity: 'WARNING',
        retentionDays: 365,
        idempotencyKey: 'k',
      },
    ])
  })

  test('shows the server’s refusal with its code and remedy', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED' })
    const { code, stderr } = await run(['trigger', '--type', 'full', '--description', 'refuse me'], url)
    expect(code).toBe(1)
    expect(stderr).toBe('Too many. (RATE_LIMITED)\nWhat to do: Wait.\n')
  })

  test.each([
    [['trigger', '--type', 'everything'], 'Use one of: database, user_data, storage, full'],
    [['trigger'], "required option '--type <type>'"],
    [['trigger', '--type', 'full', '--compression', '0'], 'whole number from 1 to 9'],
    [['trigger', '--type', 'full', '--compression', '10'], 'whole number from 1 to 9'],
    [['trigger', '--type', 'full', '--url', 'ftp://x'], 'not the address of a server'],
    [['bogus'], "unknown command 'bogus'"],
  ])('refuses %j', async (args, text) => {
    const { code, stderr } = await run(args, 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(stderr).toContain(text)
  })
})

describe('a server', () => {
  test('that is not there ends in exit code 1, the reason and the remedy', async () => {
    const { code, stderr } = await run(['status', id], 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(stderr).toMatch(/cannot be reached: .+\n.*npm start/)
  })

  test('that refuses the token says how to make one', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED' })
    const { code, stderr } = await run(['status', id], url, 'bad')
    expect(code).toBe(1)
    expect(stderr).toContain('npm run token')
  })

  test('that does not know the backup is quoted, as JSON where that was asked for', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED' })
    const { code, stdout } = await run(['watch', 'nope', '--json'], url)
    expect(code).toBe(1)
    expect(JSON.parse(stdout).error.code).toBe('BACKUP_UNKNOWN')
  })
})
