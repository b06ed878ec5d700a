import { describe, expect, it } from 'vitest'
import { decideTurns, type Turn, type TurnKind, type Turns } from './turns.ts'

const now = new Date('2026-01-01T12:00:00Z')
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000)

const turn = (id: string, kind: TurnKind, minutes: number, more: Partial<Turn> = {}): Turn => ({
  id,
  kind,
  repositoryIds: ['s3'],
  queuedAt: minutesAgo(minutes),
  environment: null,
  notBefore: null,
  hook: null,
  backup: null,
  after: null,
  server: null,
  inWindow: false,
  ...more,
})

function decide(
  waiting: Turn[],
  running: Turn[] = [],
  more: { runsAtOnce?: number; closedWindow?: string; workers?: string[][] } = {},
) {
  const place = (name: string) => ({
    name,
    runsAtOnce: more.runsAtOnce ?? 2,
    closedWindow: more.closedWindow ?? null,
  })
  const turns: Turns = {
    waiting,
    running,
    workers: more.workers ?? [[]],
    serverRuns: 2,
    places: new Map([
      ['s3', place('production-s3')],
      ['disk', place('disk')],
    ]),
    now,
  }
  const { ready, reasons } = decideTurns(turns)
  return { ready: ready.map(({ id }) => id), reasons: Object.fromEntries(reasons) }
}

const rows: [string, Parameters<typeof decide>, string[], Record<string, string>][] = [
  [
    'backups of two repositories start together',
    [[turn('a', 'BACKUP', 2), turn('b', 'BACKUP', 1, { repositoryIds: ['disk'] })]],
    ['a', 'b'],
    {},
  ],
  [
    'a repository takes as many backups at once as its limit, oldest first',
    [[turn('c', 'BACKUP', 1), turn('b', 'BACKUP', 2), turn('a', 'BACKUP', 3)]],
    ['a', 'b'],
    { c: '2 backups into production-s3, as many as it takes at once' },
  ],
  [
    'a backup waits for a running prune',
    [[turn('a', 'BACKUP', 1)], [turn('p', 'PRUNE', 9)]],
    [],
    { a: 'prune of production-s3' },
  ],
  [
    'a backup of another repository does not',
    [[turn('a', 'BACKUP', 1, { repositoryIds: ['disk'] })], [turn('p', 'PRUNE', 9)]],
    ['a'],
    {},
  ],
  [
    'a prune waits for running backups',
    [[turn('p', 'PRUNE', 1)], [turn('a', 'BACKUP', 9), turn('b', 'BACKUP', 9)]],
    [],
    { p: '2 backups into production-s3' },
  ],
  [
    'backups go before a prune that was queued a moment earlier',
    [[turn('p', 'PRUNE', 5), turn('a', 'BACKUP', 1)]],
    ['a'],
    { p: 'a backup into production-s3' },
  ],
  [
    'a prune that has waited for long goes before backups that came later',
    [[turn('p', 'PRUNE', 90), turn('a', 'BACKUP', 1)]],
    ['p'],
    { a: 'prune of production-s3' },
  ],
  [
    'and while it still waits for one at work, no later one overtakes it',
    [[turn('p', 'PRUNE', 90), turn('a', 'BACKUP', 1)], [turn('z', 'BACKUP', 99)]],
    [],
    { p: 'a backup into production-s3', a: 'prune of production-s3, whose turn it is' },
  ],
  [
    'a copy goes beside backups and does not count among them',
    [[turn('c', 'COPY', 1, { repositoryIds: ['disk', 's3'] }), turn('a', 'BACKUP', 1)], [turn('z', 'BACKUP', 9)]],
    ['a', 'c'],
    {},
  ],
  [
    'a copy waits for a prune of either of its repositories',
    [[turn('c', 'COPY', 1, { repositoryIds: ['disk', 's3'] })], [turn('p', 'PRUNE', 9)]],
    [],
    { c: 'prune of production-s3' },
  ],
  [
    'a check waits for a copy',
    [[turn('k', 'CHECK', 1)], [turn('c', 'COPY', 9)]],
    [],
    { k: 'a copy into production-s3' },
  ],
  ['statistics wait for nothing', [[turn('s', 'STATISTICS', 1)], [turn('p', 'PRUNE', 9)]], ['s'], {}],
  ['and nothing waits for them', [[turn('p', 'PRUNE', 1)], [turn('s', 'STATISTICS', 9)]], ['p'], {}],
  [
    'a scheduled prune waits for its window and holds nobody up meanwhile',
    [[turn('p', 'PRUNE', 90, { inWindow: true }), turn('a', 'BACKUP', 1)], [], { closedWindow: 'its window' }],
    ['a'],
    { p: 'its window' },
  ],
  ['one that was asked for does not', [[turn('p', 'PRUNE', 1)], [], { closedWindow: 'its window' }], ['p'], {}],
  [
    'a backup of an environment that no worker serves says so',
    [
      [turn('a', 'BACKUP', 1, { environment: 'production' }), turn('b', 'BACKUP', 1, { environment: 'test' })],
      [],
      { workers: [['test'], ['staging']] },
    ],
    ['b'],
    { a: 'a worker: none serves production' },
  ],
  [
    'a backup waits for the hook before it, and says what that waits for',
    [
      [
        turn('a', 'BACKUP', 3, {
          hook: { title: 'the command “freeze”', environment: 'test', notBefore: null, isBehind: false },
        }),
        turn('b', 'BACKUP', 2, {
          hook: { title: 'the command “freeze”', environment: 'live', notBefore: null, isBehind: false },
        }),
        turn('c', 'BACKUP', 1, {
          hook: {
            title: 'the command “freeze”',
            environment: 'test',
            notBefore: new Date('2026-01-01T12:01:00Z'),
            isBehind: false,
          },
        }),
        turn('d', 'BACKUP', 1, {
          hook: { title: 'the command “freeze”', environment: 'test', notBefore: null, isBehind: true },
        }),
      ],
      [],
      { workers: [['test']] },
    ],
    [],
    {
      a: 'the hook before it, the command “freeze”',
      b: 'the hook before it, the command “freeze”, which waits for a worker: none serves live',
      c: 'the hook before it, the command “freeze”, which is tried again at 2026-01-01T12:01:00.000Z',
      d: 'the hook before it, the command “freeze”, which waits for the hooks of an earlier backup',
    },
  ],
  [
    'of a backup go on as many runs at once as its plan lets, whatever their repository, and of others as many as otherwise',
    [
      [
        turn('b', 'BACKUP', 3, { backup: { id: 'one', runsAtOnce: 2 }, repositoryIds: ['disk'] }),
        turn('c', 'BACKUP', 2, { backup: { id: 'one', runsAtOnce: 2 } }),
        turn('d', 'BACKUP', 1, { backup: { id: 'two', runsAtOnce: null } }),
      ],
      [turn('a', 'BACKUP', 4, { backup: { id: 'one', runsAtOnce: 2 } })],
    ],
    ['b', 'd'],
    { c: '2 runs of its backup, as many as its plan lets go on at once' },
  ],
  [
    'a run waits for those of its backup that go before it',
    [[turn('a', 'BACKUP', 2, { after: 'the databases of this backup' }), turn('b', 'BACKUP', 1)]],
    ['b'],
    { a: 'the databases of this backup' },
  ],
  [
    'a server is read from by as many backups at once as its limit, into whichever repository',
    [
      [
        turn('b', 'BACKUP', 3, { server: 'db:5432' }),
        turn('c', 'BACKUP', 2, { server: 'db:5432', repositoryIds: ['disk'] }),
        turn('d', 'BACKUP', 1, { server: 'db:5433', repositoryIds: ['disk'] }),
      ],
      [turn('a', 'BACKUP', 9, { server: 'db:5432', repositoryIds: ['disk'] })],
      { runsAtOnce: 9 },
    ],
    ['b', 'd'],
    { c: '2 backups from db:5432, as many as it gives at once' },
  ],
  [
    'what lies on the worker has no such limit',
    [[1, 2, 3].map((n) => turn(`${n}`, 'BACKUP', n)), [], { runsAtOnce: 9 }],
    ['3', '2', '1'],
    {},
  ],
  [
    'a retry is not made before its time',
    [[turn('c', 'COPY', 5, { notBefore: new Date('2026-01-01T12:01:00Z') })]],
    [],
    { c: 'its next attempt at 2026-01-01T12:01:00.000Z' },
  ],
]

describe('whose turn it is', () => {
  it.each(rows)('%s', (_reason, given, ready, reasons) => {
    expect(decide(...given)).toEqual({ ready, reasons })
  })
})
