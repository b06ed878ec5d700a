import { expect, test } from 'vitest'
import type { Backup, BackupEvent } from './documents.ts'
import { readClientEnvironment } from './environment.ts'
import { liveScreen } from './screen.ts'

const none = {
  bytesDone: null,
  bytesTotal: null,
  filesDone: null,
  filesTotal: null,
  bytesPerSecond: null,
  secondsLeft: null,
}
const run = (name: string): Backup['runs'][number] => ({
  id: name,
  state: 'QUEUED',
  attempt: 1,
  waitsFor: null,
  partName: null,
  source: { name, environment: { name: 'demo' } },
  repository: { name: 'default', location: '/repo' },
  snapshotId: null,
  progress: none,
  addedBytes: null,
  storedBytes: null,
  error: null,
})
const backup: Backup = {
  id: 'b',
  type: 'FULL',
  state: 'QUEUED',
  description: '',
  environments: ['demo'],
  createdAt: '',
  startedAt: null,
  finishedAt: null,
  lastSeq: 0,
  runs: [run('shop'), run('uploads')],
}
const event = (fields: Partial<BackupEvent>): BackupEvent => ({
  seq: 1,
  at: '',
  kind: 'STATE',
  runId: 'shop',
  state: null,
  progress: null,
  level: null,
  message: null,
  ...fields,
})

test.each([80, 0, undefined])(
  'on a terminal of %s columns bars are redrawn in place, and log lines stay above them',
  (columns) => {
    const writes: string[] = []
    const screen = liveScreen(
      {
        write: (text) => writes.push(text.replaceAll('\u001b', 'ESC')),
        isTTY: true,
        ...(columns !== undefined && { columns }),
      },
      false,
    )
    screen.begin(backup)
    screen.event(event({ state: 'RUNNING' }))
    screen.event(event({ kind: 'LOG', level: 'WARNING', message: 'slow disk' }))
    expect(writes[0]).toMatch(/^demo\/shop .*QUEUED\ndemo\/uploads .*QUEUED\n$/)
    expect(writes[1]).toMatch(/^ESC\[2AESC\[0Jdemo\/shop .*RUNNING\ndemo\/uploads .*QUEUED\n$/)
    expect(writes[2]).toMatch(/^ESC\[2AESC\[0Jdemo\/shop: WARNING slow disk\ndemo\/shop .*RUNNING\n/)
  },
)

test('the environment gives address, token and whether colour is wanted', () => {
  expect(readClientEnvironment({})).toEqual({ url: 'http://127.0.0.1:3000', token: undefined, colour: true })
  expect(readClientEnvironment({ BACKUP_TRIGGER_URL: 'https://b', BACKUP_TRIGGER_TOKEN: 't', NO_COLOR: '1' })).toEqual({
    url: 'https://b',
    token: 't',
    colour: false,
  })
})
