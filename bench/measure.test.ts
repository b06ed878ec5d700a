import { expect, test } from 'vitest'
import { runChild, startChild } from '#lib/process/child.ts'
import { measure } from './measure.ts'

const BUSY_MS = 400
const HELD_BYTES = 200e6
const busy = `const held = Buffer.alloc(${HELD_BYTES}, 1)
while (process.cpuUsage().user + process.cpuUsage().system < ${BUSY_MS * 1000}) held[0] = 2`

const inShell = { command: '/bin/sh', args: ['-c', `'${process.execPath}' -e '${busy}'; true`], env: {} }

test('The cost of work includes the time and the memory of programs that its programs start', async () => {
  const cost = await measure(async () => expect((await runChild(inShell)).code).toBe(0))
  expect(cost.cpuMs).toBeGreaterThanOrEqual(BUSY_MS)
  expect(cost.peakBytes).toBeGreaterThan(HELD_BYTES)
  expect(cost.wallMs).toBeGreaterThan(0)
})

test('A program that runs already, such as a server, is not counted', async () => {
  const ready = Promise.withResolvers<string>()
  const server = await startChild({
    command: process.execPath,
    args: ['-e', `${busy}; console.log('ready'); setInterval(() => held, 1000)`],
    env: {},
    onStdoutLine: ready.resolve,
  })
  try {
    await ready.promise
    const cost = await measure(() => runChild({ command: '/bin/sleep', args: ['0.2'], env: {} }))
    expect(cost.peakBytes).toBeLessThan(HELD_BYTES / 4)
    expect(cost.peakBytes).toBeGreaterThan(0)
  } finally {
    await server.stop()
  }
})

test('Work that fails is no measurement', async () => {
  await expect(measure(async () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed')
})
