import { expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { openLog, requestContext } from './log.ts'

function capture(LOG_VERBOSITY: 'DEBUG' | 'WARNING') {
  const lines: Record<string, unknown>[] = []
  return { lines, log: openLog({ LOG_VERBOSITY }, { write: (line) => void lines.push(JSON.parse(line)) }) }
}

it('carries the request’s id through whatever is awaited, and the run’s id of a child', async () => {
  const { lines, log } = capture('DEBUG')
  await requestContext.run({ requestId: 'r1' }, async () => {
    await Promise.resolve()
    log.child({ runId: 'run1' }).info('inside')
  })
  log.info('outside')
  expect(lines[0]).toMatchObject({ requestId: 'r1', runId: 'run1', level: 'info', msg: 'inside' })
  expect(lines[1]).not.toHaveProperty('requestId')
})

it('keeps to its level and prints no secret', () => {
  const { lines, log } = capture('WARNING')
  log.info('too quiet')
  log.warn({ password: new Secret('hunter2') }, 'loud enough')
  expect(lines).toHaveLength(1)
  expect(JSON.stringify(lines)).not.toContain('hunter2')
})
