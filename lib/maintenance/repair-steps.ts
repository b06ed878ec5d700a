import { standingDamage } from '#lib/repositories/health.ts'
import type { TaskKind } from '#prisma/client/enums.ts'
import type { CheckFindings, TouchedSnapshot } from './check-result.ts'

/*
 * Which step leads out of damage, from what checks found and what was done since; docs/decisions/
 * 2026-11-26-damage-is-repaired-in-steps.md says why in this order. Pure.
 */

export type RepairKind = Extract<TaskKind, `REPAIR_${string}`>
/** CHECK is started as a task like the repairs, BACKUP triggered for the sources of the step. */
export type StepKind = RepairKind | 'BACKUP' | 'CHECK'

export interface RepairStep {
  kind: StepKind
  why: string
  /** Of the task. */
  options: { packs?: string[]; readData?: 'all' }
  /** BACKUP: those that lack one. */
  sourceIds: string[]
  isDone: boolean
}

export interface PastCheck extends CheckFindings {
  at: Date
}

export interface PastRepair {
  kind: RepairKind
  at: Date
  /** REPAIR_PACKS: which. */
  packs: string[]
  /** REPAIR_SNAPSHOTS: what lost something. */
  changed: TouchedSnapshot[]
}

export interface RepairHistory {
  /** Those that were made, oldest first. */
  checks: readonly PastCheck[]
  /** Those that succeeded. */
  repairs: readonly PastRepair[]
  /** Ids of those that can still be saved. */
  sources: ReadonlySet<string>
  /** By `backupKey`: when the newest run began that saved everything, wherever that was. */
  backups: ReadonlyMap<string, Date>
}

export const backupKey = (sourceId: string, part: string): string => `${sourceId} ${part}`

export interface Damage {
  /** When a check first found it. */
  since: Date
  /** Of the newest check that found it. */
  problems: string[]
  /** Ids of packs that are broken or missing. */
  packs: string[]
  keys: string[]
  touched: TouchedSnapshot[]
  touchedInFull: boolean
  /** In their order; the first that is not done is next. */
  steps: RepairStep[]
}

/** Null when the repository is not known to be damaged. It stays so until a check that reads as much finds nothing wrong any more. */
export function damageOf(history: RepairHistory): Damage | null {
  const { checks, repairs } = history
  const open = standingDamage(checks)
  const [oldest, newest] = [open[0], open.at(-1)]
  if (newest === undefined || oldest === undefined) return null
  const unique = <T>(pick: (check: PastCheck) => readonly T[]) => [...new Set(open.flatMap(pick))]
  const touched = new Map(open.flatMap((check) => check.touched).map((one) => [one.snapshotId, one]))
  return {
    since: oldest.at,
    problems: newest.problems,
    packs: unique((check) => [...check.brokenPacks, ...check.missingPacks]),
    keys: unique((check) => check.damagedKeys),
    touched: [...touched.values()],
    touchedInFull: open.every((check) => check.touchedInFull),
    steps: stepsOf(
      open,
      repairs.filter((repair) => repair.at > oldest.at),
      history,
    ),
  }
}

function stepsOf(
  open: readonly PastCheck[],
  repairs: readonly PastRepair[],
  { sources, backups }: RepairHistory,
): RepairStep[] {
  const latest = (kind: RepairKind) => newestOf(repairs.filter((repair) => repair.kind === kind))
  const isSince = (kind: RepairKind, at: Date) => (latest(kind) ?? NEVER) > at
  const step = (kind: StepKind, why: string, isDone: boolean, more: Partial<RepairStep> = {}): RepairStep => ({
    kind,
    why,
    isDone,
    options: {},
    sourceIds: [],
    ...more,
  })
  const steps: RepairStep[] = []

  const keyed = open.filter((check) => check.damagedKeys.length > 0)
  if (keyed.length > 0) steps.push(step('REPAIR_KEYS', WHY.keys, isSince('REPAIR_KEYS', at(keyed))))

  const unindexed = open.filter((check) => check.missingPacks.length > 0 || check.suggestRepairIndex)
  const torn = open.filter((check) => check.damagedTrees.length > 0 && check.brokenPacks.length === 0)
  const isUnknown = open.some((check) => isOfUnknownKind(check))
  const indexedAt = latest('REPAIR_INDEX')
  if (unindexed.length > 0 || torn.length > 0 || isUnknown)
    steps.push(step('REPAIR_INDEX', WHY.index, indexedAt !== null && indexedAt > at(unindexed)))

  const broken = open.filter((check) => check.brokenPacks.length > 0)
  const left = broken.flatMap((check) => check.brokenPacks.filter((id) => !isRepaired(id, check, repairs)))
  if (broken.length > 0)
    steps.push(step('REPAIR_PACKS', WHY.packs, left.length === 0, { options: { packs: [...new Set(left)] } }))

  const lossy = open.filter(
    (check) =>
      [...check.brokenPacks, ...check.missingPacks, ...check.damagedSnapshots].length > 0 ||
      // Still torn although the index was made anew: its data is not there any more.
      (check.damagedTrees.length > 0 && repairs.some(({ kind, at }) => kind === 'REPAIR_INDEX' && at < check.at)),
  )
  if (lossy.length > 0) {
    const isPrepared = steps.every(({ isDone, kind }) => isDone || kind === 'REPAIR_KEYS')
    const since = newestOf([{ at: at(lossy) }, ...repairs.filter(({ kind }) => kind !== 'REPAIR_SNAPSHOTS')]) ?? NEVER
    const isDone = isPrepared && isSince('REPAIR_SNAPSHOTS', since)
    steps.push(step('REPAIR_SNAPSHOTS', WHY.snapshots, isDone))
    const repaired = repairs.filter(({ kind }) => kind === 'REPAIR_SNAPSHOTS').flatMap(({ changed }) => changed)
    const losers = isDone ? repaired : lossy.flatMap((check) => check.touched)
    const repairedAt = latest('REPAIR_SNAPSHOTS') ?? NEVER
    const isSaved = (id: string, part: string) =>
      ['', part].some((one) => (backups.get(backupKey(id, one)) ?? NEVER) > repairedAt)
    const saved = losers.flatMap(({ sourceId: id, part }) =>
      id !== null && sources.has(id) ? [{ id, isSaved: isDone && isSaved(id, part) }] : [],
    )
    const lacking = [...new Set(saved.flatMap((one) => (one.isSaved ? [] : [one.id])))]
    if (saved.length > 0) steps.push(step('BACKUP', WHY.backup, lacking.length === 0, { sourceIds: lacking }))
  }
  steps.push(step('CHECK', WHY.check, false, { options: { readData: 'all' } }))
  return steps
}

const WHY = {
  keys: 'A key file cannot be read. The data is unharmed, but restic stops at such a file: it is removed, and a sound key added where one is missing.',
  index:
    'The index does not tell what is there, or a folder could not be read. Made anew of the packs that are there, it does; without this, later backups rely on data that is gone.',
  packs: 'The content of packs is wrong. What is still whole in them is saved, and the rest removed; copies are kept.',
  snapshots:
    'Data is lost. Snapshots that refer to it are replaced by ones without it, and their runs become partial, or failed where nothing is left.',
  backup: 'What was lost is saved anew, where the source still has it.',
  check: 'Only a check that reads everything tells that the repository is whole again, or what is left to do.',
}

const NEVER = new Date(0)

const newestOf = (events: readonly { at: Date }[]): Date | null =>
  events.reduce<Date | null>((newest, { at }) => (newest === null || at > newest ? at : newest), null)

const at = (checks: readonly PastCheck[]): Date => newestOf(checks) ?? NEVER

const isRepaired = (pack: string, check: PastCheck, repairs: readonly PastRepair[]): boolean =>
  repairs.some(({ kind, at, packs }) => kind === 'REPAIR_PACKS' && at > check.at && packs.includes(pack))

const isOfUnknownKind = (check: PastCheck): boolean =>
  !check.suggestRepairIndex &&
  [...check.brokenPacks, ...check.missingPacks, ...check.damagedTrees, ...check.damagedSnapshots, ...check.damagedKeys]
    .length === 0
