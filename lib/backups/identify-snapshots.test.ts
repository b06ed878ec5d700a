import { expect, it } from 'vitest'
import type { Snapshot } from '#lib/restic/snapshots.ts'
import { identifySnapshots } from './identify-snapshots.ts'
import { snapshotTags, type Whole } from './snapshot-tags.ts'

const run = '0199a000-0000-7000-8000-00000000000'
const source = '0199a000-0000-7000-8000-0000000000ff'
const snapshot = (more: Partial<Snapshot>): Snapshot => ({
  id: 'a'.repeat(64),
  time: new Date('2026-01-01'),
  host: 'laptop',
  paths: ['/home/me'],
  tags: [],
  parentId: null,
  files: 1,
  bytes: 1,
  addedBytes: 1,
  storedBytes: 1,
  startedAt: new Date('2026-01-01'),
  endedAt: new Date('2026-01-01'),
  originalId: null,
  tree: 'c'.repeat(64),
  ...more,
})
const tags = (id: number, name = 'shop', whole: Whole | null = null) =>
  snapshotTags(
    { id: `${run}${id}`, backupId: `${run}9`, part: '' } as never,
    { id: source, name, kind: 'files', type: 'STORAGE', environment: { name: 'production' } } as never,
    whole,
  )

it('a source has the name that its newest snapshot tells, whatever letters are in it', () => {
  const { sources, runs } = identifySnapshots(
    [
      snapshot({ tags: tags(2, 'new, “ü”: 1%'), time: new Date('2026-02-02') }),
      snapshot({ tags: tags(1, 'old'), time: new Date('2026-02-01') }),
    ],
    'id',
  )
  expect(sources).toMatchObject([{ id: source, name: 'new, “ü”: 1%', kind: 'files', environment: 'production' }])
  expect(runs.map(({ id, backupId }) => [id, backupId])).toEqual([
    [`${run}1`, `${run}9`],
    [`${run}2`, `${run}9`],
  ])
})

it('a run is known to be whole only by what a later one says of it', () => {
  const found = [
    snapshot({ tags: tags(1) }),
    snapshot({ tags: tags(2, 'shop', { runId: `${run}1`, backupId: `${run}8` }) }),
  ]
  const { runs, wholeBackups } = identifySnapshots(found, 'id')
  expect([...wholeBackups]).toEqual([`${run}8`])
  expect(runs.map(({ id, isWhole }) => [id, isWhole])).toEqual([
    [`${run}1`, true],
    [`${run}2`, null],
  ])
})

it('a snapshot that was repaired is not whole, whatever was said of its run before, and stands for it', () => {
  const repaired = snapshot({ id: 'd'.repeat(64), originalId: 'a'.repeat(64), tags: tags(1) })
  const before = { runId: `${run}1`, backupId: null }
  const found = [repaired, snapshot({ tags: tags(1) }), snapshot({ tags: tags(2, 'shop', before) })]
  const { runs } = identifySnapshots(found, 'id')
  expect(runs.find(({ id }) => id === `${run}1`)).toMatchObject({ isWhole: null, snapshot: { id: repaired.id } })
})

it.each([
  ['no tags', []],
  ['an id that is none', tags(1).map((tag) => tag.replace(/^source:.*/, 'source:1'))],
  ['no environment', tags(1).filter((tag) => !tag.startsWith('env:'))],
  ['an unknown type', tags(1).map((tag) => tag.replace(/^type:.*/, 'type:TAPE'))],
  ['a name that is not encoded', tags(1).map((tag) => tag.replace(/^name:.*/, 'name:%E0%A4%A'))],
  ['a name of several lines', tags(1).map((tag) => tag.replace(/^name:.*/, 'name:a%0Ab'))],
])('a snapshot with %s is somebody else’s, with the same ids each time', (_what, tagged) => {
  const look = () => identifySnapshots([snapshot({ tags: tagged })], 'id')
  const found = look()
  expect(found.foreign).toBe(1)
  expect(found.sources).toMatchObject([
    { name: 'laptop: /home/me', kind: 'files', environment: 'adopted', settings: { paths: ['/home/me'] } },
  ])
  expect(look()).toEqual(found)
  expect(identifySnapshots([snapshot({ tags: tagged })], 'another').sources[0]?.id).not.toBe(found.sources[0]?.id)
  const retagged = snapshot({ tags: tagged, id: 'b'.repeat(64), originalId: 'a'.repeat(64) })
  expect(identifySnapshots([retagged], 'id').runs[0]?.id).toBe(found.runs[0]?.id)
})

it('snapshots of earlier versions, without name, kind and backup, are ours all the same', () => {
  const early = tags(1).filter((tag) => !/^(name|kind|backup):/.test(tag))
  const { sources, runs, foreign } = identifySnapshots([snapshot({ tags: early })], 'id')
  expect(foreign).toBe(0)
  expect(sources).toMatchObject([{ id: source, name: 'source 0000000000ff', kind: 'files' }])
  expect(runs).toMatchObject([{ id: `${run}1`, backupId: expect.stringMatching(/^[0-9a-f-]{36}$/) }])
})
