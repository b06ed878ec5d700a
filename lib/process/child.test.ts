import { expect, test } from 'vitest'
import { describeExit, runChild, startChild } from './child.ts'

const env = { PATH: '/usr/bin:/bin' }
const sh = (script: string) => ({ command: 'sh', args: ['-c', script], env })

test('a child sees exactly the environment that it is given', async () => {
  const { stdout } = await runChild({ command: 'env', args: [], env: { ...env, ONLY: 'this' } })
  expect(stdout.sort()).toEqual(['ONLY=this', 'PATH=/usr/bin:/bin'])
})

test('lines come whole, the last one also without a line end, and carriage returns are taken off', async () => {
  const { stdout } = await runChild(sh("printf 'a\\r\\n\\nü'"))
  expect(stdout).toEqual(['a', '', 'ü'])
})

test('a program that does not exist rejects with ENOENT', async () => {
  await expect(startChild({ command: '/nowhere/at-all', args: [], env })).rejects.toMatchObject({ code: 'ENOENT' })
})

test('the exit code and the end of stderr are told', async () => {
  const exit = await runChild(sh('head -c 20000 /dev/zero | tr "\\0" x >&2; echo >&2; echo last >&2; exit 7'))
  expect(exit).toMatchObject({ code: 7, signal: null, stopped: false })
  expect(exit.stderr.endsWith('last')).toBe(true)
  expect(exit.stderr.length).toBeLessThanOrEqual(8192)
  expect(describeExit(exit)).toBe('exit 7')
})

test('an abort ends a child that ignores the polite signal', async () => {
  const controller = new AbortController()
  const exit = await runChild({
    ...sh('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
    signal: controller.signal,
    graceMs: 100,
    onStdoutLine: () => controller.abort(),
  })
  expect(exit).toMatchObject({ signal: 'SIGKILL', stopped: true })
})

test('a callback that throws neither stops the reading nor is lost', async () => {
  const failure = new Error('mine')
  const exit = await runChild({
    ...sh('head -c 500000 /dev/zero | tr "\\0" "\\n"; exit 4'),
    onStdoutLine: () => {
      throw failure
    },
  })
  expect(exit).toMatchObject({ code: 4, callbackError: failure })
})

test('a grandchild that keeps the output open does not keep us waiting', async () => {
  const exit = await runChild(sh('sleep 20 & echo done'))
  expect(exit).toMatchObject({ code: 0, stdout: ['done'] })
}, 10_000)
