import { describe, expect, it } from 'vitest'
import { findSuspect, suspicion } from './suspicion.ts'

const MIB = 1024 * 1024
const size = (mib: number, addedMib: number) => ({ bytes: mib * MIB, addedBytes: addedMib * MIB, rows: null })
const steady = Array.from({ length: 10 }, (_, i) => size(1000 + i * 3, 5 + (i % 3)))

describe('a backup', () => {
  it.each([
    ['like those before it is not suspicious', size(1030, 6), steady, null],
    ['that grew by a third is not', size(1400, 300), steady, null],
    ['that is nearly empty is', size(12, 1), steady, 'it read 1 % of what is usual'],
    ['that is empty is', size(0, 0), steady, 'it read 0 % of what is usual'],
    ['that is three times as big is', size(3000, 400), steady, 'it read 296 % of what is usual'],
    ['of which nearly all is new is', size(1010, 950), steady, '94 % of its data is new, far more than ever before'],
    [
      'whose data was all new before is not',
      size(1010, 950),
      steady.map((one) => ({ ...one, addedBytes: 900 * MIB })),
      null,
    ],
    ['without a history is not', size(0, 0), steady.slice(0, 4), null],
    [
      'of a source that always jumps is not',
      size(100, 1),
      [1000, 90, 2000, 120, 800, 60].map((mib) => size(mib, 1)),
      null,
    ],
    [
      'that lost most of its rows is, however large the file stayed',
      { ...size(1010, 6), rows: 1000 },
      steady.map((one, i) => ({ ...one, rows: 50_000 + i * 10 })),
      'it holds 2 % of the rows that are usual',
    ],
    ['of whose rows nobody knew before is not', { ...size(1010, 6), rows: 0 }, steady, null],
    [
      'that lost some kilobytes is not',
      { bytes: 10, addedBytes: 10, rows: 10 },
      steady.map(() => ({ bytes: 9000, addedBytes: 10, rows: 90 })),
      null,
    ],
  ])('%s', (_title, newest, earlier, expected) => {
    expect(suspicion(newest, earlier)).toBe(expected)
  })
})

describe('among the newest backups', () => {
  const runs = (...sizes: ReturnType<typeof size>[]) =>
    [...sizes, ...steady].map((one, i) => ({ id: String(i), size: one, isApproved: false }))
  const approve = (id: string, of: ReturnType<typeof runs>) =>
    of.map((run) => ({ ...run, isApproved: run.isApproved || run.id === id }))

  it('one that looks wrong is found although a later one looks as usual', () => {
    expect(findSuspect(runs(size(1010, 0), size(1010, 950)))).toMatchObject({ id: '1' })
    expect(findSuspect(runs(size(1010, 0), size(1010, 5)))).toBeNull()
  })

  it('those like one that somebody has said to be right are usual from then on, and others are not', () => {
    const doubled = runs(size(3010, 5), size(3005, 5), size(3000, 2000))
    expect(findSuspect(doubled)).toMatchObject({ id: '2' })
    expect(findSuspect(approve('2', doubled))).toBeNull()
    const lost = approve('2', runs(size(100, 5), size(3005, 5), size(3000, 2000)))
    expect(findSuspect(lost)).toMatchObject({ id: '0', reason: 'it read 10 % of what is usual' })
  })
})
