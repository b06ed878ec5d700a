import { describe, expect, it } from 'vitest'
import { backupKey, damageOf, type PastCheck, type PastRepair, type RepairKind } from './repair-steps.ts'

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour))
const all = { number: 1, of: 1 }
const touched = (sourceId: string) => ({
  snapshotId: `of ${sourceId}`,
  runId: null,
  sourceId,
  part: '',
  name: sourceId,
})

const check = (hour: number, found: Partial<PastCheck> = {}): PastCheck => ({
  at: at(hour),
  sound: false,
  problems: [`at ${hour}`],
  brokenPacks: [],
  missingPacks: [],
  damagedTrees: [],
  damagedSnapshots: [],
  damagedKeys: [],
  suggestRepairIndex: false,
  suggestPrune: false,
  touched: [touched('shop')],
  touchedInFull: true,
  share: all,
  ...found,
})
const sound = (hour: number, found: Partial<PastCheck> = {}) => check(hour, { sound: true, touched: [], ...found })
const repair = (hour: number, kind: RepairKind, more: Partial<PastRepair> = {}): PastRepair => ({
  at: at(hour),
  kind,
  packs: [],
  changed: [],
  ...more,
})

function stepsAfter(checks: PastCheck[], repairs: PastRepair[] = [], backups: Record<string, Date> = { shop: at(0) }) {
  const sources = new Set(Object.keys(backups))
  const saved = new Map(Object.entries(backups).map(([source, date]) => [backupKey(source, ''), date]))
  const damage = damageOf({ checks, repairs, sources, backups: saved })
  return damage === null ? null : damage.steps.map(({ kind, isDone }) => (isDone ? `(${kind})` : kind))
}

const broken = { brokenPacks: ['p'] }
const missing = { missingPacks: ['p'] }
const torn = { damagedTrees: ['12345678'] }

describe('the steps out of damage', () => {
  it.each<[string, string[] | null, PastCheck[], PastRepair[]?, Record<string, Date>?]>([
    ['nothing was ever found', null, [sound(1)]],
    ['a broken pack', ['REPAIR_PACKS', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'], [check(1, broken)]],
    [
      'its pack was repaired',
      ['(REPAIR_PACKS)', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'],
      [check(1, broken)],
      [repair(2, 'REPAIR_PACKS', { packs: ['p'] })],
    ],
    [
      'another pack was repaired',
      ['REPAIR_PACKS', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'],
      [check(1, broken)],
      [repair(2, 'REPAIR_PACKS', { packs: ['q'] })],
    ],
    [
      'the snapshots were repaired before their pack',
      ['(REPAIR_PACKS)', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'],
      [check(1, broken)],
      [repair(2, 'REPAIR_SNAPSHOTS'), repair(3, 'REPAIR_PACKS', { packs: ['p'] })],
    ],
    [
      'all is repaired, and the source that lost something is not saved anew',
      ['(REPAIR_PACKS)', '(REPAIR_SNAPSHOTS)', 'BACKUP', 'CHECK'],
      [check(1, broken)],
      [repair(2, 'REPAIR_PACKS', { packs: ['p'] }), repair(3, 'REPAIR_SNAPSHOTS', { changed: [touched('shop')] })],
    ],
    [
      'it is saved anew',
      ['(REPAIR_PACKS)', '(REPAIR_SNAPSHOTS)', '(BACKUP)', 'CHECK'],
      [check(1, broken)],
      [repair(2, 'REPAIR_PACKS', { packs: ['p'] }), repair(3, 'REPAIR_SNAPSHOTS', { changed: [touched('shop')] })],
      { shop: at(4) },
    ],
    [
      'no snapshot lost anything after all',
      ['(REPAIR_PACKS)', '(REPAIR_SNAPSHOTS)', 'CHECK'],
      [check(1, broken)],
      [repair(2, 'REPAIR_PACKS', { packs: ['p'] }), repair(3, 'REPAIR_SNAPSHOTS')],
    ],
    [
      'a source that is deleted cannot be saved',
      ['REPAIR_PACKS', 'REPAIR_SNAPSHOTS', 'CHECK'],
      [check(1, broken)],
      [],
      {},
    ],
    ['a missing pack', ['REPAIR_INDEX', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'], [check(1, missing)]],
    ['folders that cannot be read may only lack an index', ['REPAIR_INDEX', 'CHECK'], [check(1, torn)]],
    [
      'they still cannot be read with a new one: their data is gone',
      ['(REPAIR_INDEX)', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'],
      [check(1, torn), check(3, torn)],
      [repair(2, 'REPAIR_INDEX')],
    ],
    [
      'a pack goes missing after the index was repaired',
      ['REPAIR_INDEX', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'],
      [check(1, torn), check(3, missing)],
      [repair(2, 'REPAIR_INDEX')],
    ],
    ['an unreadable index', ['REPAIR_INDEX', 'CHECK'], [check(1, { suggestRepairIndex: true })]],
    ['what we do not know', ['REPAIR_INDEX', 'CHECK'], [check(1)]],
    ['a damaged key', ['REPAIR_KEYS', 'CHECK'], [check(1, { damagedKeys: ['k'], touched: [] })]],
    [
      'a damaged key that was replaced',
      ['(REPAIR_KEYS)', 'CHECK'],
      [check(1, { damagedKeys: ['k'], touched: [] })],
      [repair(2, 'REPAIR_KEYS')],
    ],
  ])('%s', (_title, steps, checks, repairs, backups) => {
    expect(stepsAfter(checks, repairs, backups)).toEqual(steps)
  })
})

describe('damage ends', () => {
  it.each<[string, boolean, PastCheck[]]>([
    ['with a check that reads everything', true, [check(1, broken), sound(2)]],
    ['not with one of the structure alone', false, [check(1, broken), sound(2, { share: null })]],
    [
      'not with one that read another share',
      false,
      [check(1, { ...broken, share: { number: 2, of: 3 } }), sound(2, { share: { number: 3, of: 3 } })],
    ],
    [
      'with one that read the same share',
      true,
      [check(1, { ...broken, share: { number: 2, of: 3 } }), sound(2, { share: { number: 2, of: 3 } })],
    ],
    [
      'with any, when the structure was all that was looked at',
      true,
      [check(1, { ...torn, share: null }), sound(2, { share: null })],
    ],
    [
      'not for what another check found',
      false,
      [check(1, broken), check(2, { ...torn, share: null }), sound(3, { share: null })],
    ],
    ['not before it was found', false, [sound(1), check(2, broken)]],
  ])('%s', (_title, isOver, checks) => {
    expect(stepsAfter(checks) === null).toBe(isOver)
  })

  it('not with the repairs alone', () => {
    expect(stepsAfter([check(1, { damagedKeys: ['k'] })], [repair(2, 'REPAIR_KEYS')])).not.toBeNull()
  })
})

it('names what all checks found that is not mended yet', () => {
  const damage = damageOf({
    checks: [check(1, broken), check(3, { ...missing, missingPacks: ['q'], touched: [touched('notes')] })],
    repairs: [],
    sources: new Set(),
    backups: new Map(),
  })
  expect(damage).toMatchObject({ since: at(1), problems: ['at 3'], packs: ['p', 'q'], touchedInFull: true })
  expect(damage?.touched.map(({ name }) => name).sort()).toEqual(['notes', 'shop'])
})

it('wants a fresh backup of the very part that lost something, or of the whole source', () => {
  const orders = { ...touched('shop'), part: 'database:orders' }
  const step = (part: string) =>
    damageOf({
      checks: [check(1, { ...missing, touched: [orders] })],
      repairs: [repair(2, 'REPAIR_INDEX'), repair(3, 'REPAIR_SNAPSHOTS', { changed: [orders] })],
      sources: new Set(['shop']),
      backups: new Map([[backupKey('shop', part), at(4)]]),
    })?.steps.find(({ kind }) => kind === 'BACKUP')
  expect(step('database:orders')).toMatchObject({ isDone: true, sourceIds: [] })
  expect(step('')).toMatchObject({ isDone: true, sourceIds: [] })
  expect(step('database:invoices')).toMatchObject({ isDone: false, sourceIds: ['shop'] })
})
