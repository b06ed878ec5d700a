import { expect, it } from 'vitest'
import { openRestoreLog } from './restore-log.ts'

it('writes lines as they come, and of very many the first and the last', () => {
  const log = openRestoreLog()
  log.add('error', 'a\0b')
  expect(log.take()).toEqual([{ kind: 'LOG', level: 'ERROR', message: 'a�b' }])
  for (let i = 2; i <= 10_500; i++) log.add('info', `line ${i}`)
  const taken = log.take()
  expect(taken).toHaveLength(9_999)
  log.putBack(taken.slice(-2))
  expect(log.take()).toEqual(taken.slice(-2))
  const last = log.takeLast().map((event) => (event.kind === 'LOG' ? event.message : ''))
  expect(last).toHaveLength(301)
  expect([last[0], last[1], last.at(-1)]).toEqual(['200 lines are left out here.', 'line 10201', 'line 10500'])
})
