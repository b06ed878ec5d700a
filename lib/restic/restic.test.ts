import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { compressionMode } from './compression.ts'
import { classifyFailure } from './exit-codes.ts'
import { backupMessage, parseLine } from './messages.ts'
import { progressMeter } from './progress.ts'
import { printableLocation, resticEnvironment } from './repository.ts'
import { backupStream, openRestic } from './restic.ts'
import { openBench, request } from './testing/bench.ts'
import { isAtLeast } from './version.ts'

test('fields that restic leaves out because they are zero are read as zero', () => {
  expect(parseLine(backupMessage, '{"message_type":"status","percent_done":0}')).toMatchObject({
    message: { bytes_done: 0, total_files: 0, seconds_remaining: 0 },
  })
  expect(parseLine(backupMessage, '{"message_type":"summary"}')).toMatchObject({
    message: { snapshot_id: '', data_added: 0 },
  })
})

test('lines that are no JSON, broken JSON or of an unknown type are kept as log lines', () => {
  for (const line of ['/nope does not exist, skipping', '{"message_type":', '{"message_type":"new"}', '{}', ''])
    expect(parseLine(backupMessage, line)).toEqual({ log: line })
})

test.each([
  [1, '0.19.1', 'fastest', true],
  [2, '0.18.0', 'auto', false],
  [3, '0.18.0', 'auto', true],
  [6, '0.19.1', 'auto', true],
  [7, '0.19.1', 'better', true],
  [8, '0.18.0', 'auto', false],
  [9, '0.17.1', 'max', true],
])('level %i is with restic %s the mode %s', (level, version, mode, exact) => {
  expect(compressionMode(level, version)).toEqual({ mode, exact })
})

test.each([
  [10, '', 'REPOSITORY_MISSING'],
  [11, '', 'REPOSITORY_LOCKED'],
  [12, '', 'REPOSITORY_WRONG_PASSWORD'],
  [12, 'no space left on device', 'REPOSITORY_WRONG_PASSWORD'], // the code comes before the words
  [1, 'write /r/x: no space left on device', 'REPOSITORY_FULL'],
  [1, 'mkdir /r: permission denied', 'REPOSITORY_UNWRITABLE'],
  [1, 'open /r: read-only file system', 'REPOSITORY_UNWRITABLE'],
  [1, 'something else', 'RESTIC_FAILED'],
  [3, 'permission denied', 'RESTIC_FAILED'], // a source file, not the repository
])('exit %i saying “%s” is %s', (code, reason, expected) => {
  expect(classifyFailure({ command: 'backup', code, signal: null, reason, repository: '/r' }).code).toBe(expected)
})

test('a full disk that is restored to is not blamed on the repository', () => {
  const reason = 'no space left on device'
  const error = classifyFailure({ command: 'restore', code: 1, signal: null, reason, repository: '/r' })
  expect(error.code).toBe('RESTIC_FAILED')
})

test('versions compare by number', () => {
  expect(isAtLeast('0.17.10', '0.17.9')).toBe(true)
  expect(isAtLeast('0.17.0', '0.17.1')).toBe(false)
  expect(isAtLeast('0.18.0-dev', '0.17.1')).toBe(true)
})

test('an old restic is RESTIC_TOO_OLD, a missing or foreign program RESTIC_MISSING', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'restic-fake-'))
  const fake = async (name: string, line: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\necho '${line}'\n`)
    await chmod(join(folder, name), 0o755)
    return openRestic({ binary: join(folder, name), cacheDir: folder })
  }
  await expect(fake('a', '{"message_type":"version","version":"0.16.4"}')).rejects.toMatchObject({
    code: 'RESTIC_TOO_OLD',
    details: { found: '0.16.4' },
  })
  await expect(fake('b', 'restic 0.14.0 compiled with go1.19')).rejects.toMatchObject({ code: 'RESTIC_TOO_OLD' })
  await expect(fake('c', 'hello')).rejects.toMatchObject({ code: 'RESTIC_MISSING' })
  await expect(fake('d', '{broken')).rejects.toMatchObject({ code: 'RESTIC_MISSING' })
  await expect(openRestic({ binary: join(folder, 'none'), cacheDir: folder })).rejects.toMatchObject({
    code: 'RESTIC_MISSING',
  })
  await rm(folder, { recursive: true })
})

test('progress is reported at most four times a second, with a rate, and without a total for streams', () => {
  let now = 0
  const reports: object[] = []
  const meter = progressMeter(
    'stream',
    (p) => reports.push(p),
    () => now,
  )
  for (; now < 1000; now += 100) {
    const line = `{"message_type":"status","bytes_done":${now * 1000},"total_bytes":5}`
    const parsed = parseLine(backupMessage, line)
    if ('message' in parsed && parsed.message.message_type === 'status') meter(parsed.message)
  }
  expect(reports).toHaveLength(4)
  expect(reports.at(-1)).toMatchObject({ bytesTotal: null, secondsLeft: null, bytesPerSecond: 1_000_000 })
})

test('restic’s environment holds exactly what it needs, and our own variables win', async () => {
  const restic = { binary: '/r', version: '0.19.0', path: '/bin', cacheDir: '/c', retryLockSeconds: 1, stopGraceMs: 1 }
  const password = new Secret('p')
  const env = { AWS_SECRET_ACCESS_KEY: new Secret('k'), RESTIC_CACHE_DIR: '/elsewhere' }
  const built = resticEnvironment(restic, { location: '/x', password, env })
  expect(Object.keys(built).sort()).toEqual([
    'AWS_SECRET_ACCESS_KEY',
    'HOME',
    'PATH',
    'RESTIC_CACHE_DIR',
    'RESTIC_PASSWORD',
    'RESTIC_PROGRESS_FPS',
    'RESTIC_REPOSITORY',
    'TMPDIR',
  ])
  expect(built).toMatchObject({ AWS_SECRET_ACCESS_KEY: 'k', RESTIC_CACHE_DIR: '/c' })
  expect(printableLocation({ location: 'rest:https://u:hunter2@h/r', password })).toBe('rest:https://u:***@h/r')
})

test.runIf(process.platform === 'linux')(
  'a running restic shows no secret in its command line and sees only its own variables',
  async () => {
    const bench = await openBench()
    const call = request()
    let seen = { cmdline: '', names: [] as string[] }
    await backupStream(bench.restic, bench.access, {
      ...call,
      filename: 'x',
      write: async (sink) => {
        // For a moment, while the program is loaded, the kernel shows none.
        const read = () => readFile(`/proc/${call.heard.pid}/environ`, 'utf8')
        await expect.poll(read, { timeout: 10_000 }).not.toBe('')
        const names = (await read()).split('\0').filter(Boolean)
        const cmdline = await readFile(`/proc/${call.heard.pid}/cmdline`, 'utf8')
        seen = { cmdline, names: names.map((pair) => pair.split('=')[0] ?? '').sort() }
        sink.write('data')
      },
    })
    expect(seen.cmdline).toContain('backup')
    expect(seen.cmdline).not.toContain(bench.access.password.reveal())
    expect(seen.names).toEqual([
      'HOME',
      'PATH',
      'RESTIC_CACHE_DIR',
      'RESTIC_PASSWORD',
      'RESTIC_PROGRESS_FPS',
      'RESTIC_REPOSITORY',
      'TMPDIR',
    ])
    await bench.remove()
  },
)
