import type { SourceType } from '#prisma/client/enums.ts'
import { isServed, type Workers } from './workers.ts'

/*
 * The order of a backup of several types. A row may name a file, such as an invoice's PDF: files are saved after the databases,
 * so that what a saved row names was there to be saved, but for what was deleted in between. Stages end before the next one
 * begins; runs of one stage go on side by side.
 */

const stages: readonly { type: SourceType; runs: string }[] = [
  { type: 'DATABASE', runs: 'the databases of this backup' },
  { type: 'USER_DATA', runs: 'the user data of this backup' },
  { type: 'STORAGE', runs: 'the files of this backup' },
]

/** The installation itself comes after all: its history then tells how the others ended. */
const INSTALLATION_STAGE = stages.length + 1

/** Counted from 1. Runs of backups that have no order are of stage 0. */
export const stageOf = ({ type, kind }: { type: SourceType; kind: string }): number =>
  kind === 'installation' ? INSTALLATION_STAGE : stages.findIndex((stage) => stage.type === type) + 1

/** “the databases of this backup” */
export const stageRuns = (stage: number): string => stages[stage - 1]?.runs ?? `stage ${stage} of this backup`

export interface StagedRun {
  backupId: string
  stage: number
  isRunning: boolean
  environment: string
  notBefore: Date | null
}

/**
 * By backup, the earliest stage that is not over, of those given: all that wait or run. A run that is only tried again
 * later, and one that no worker serves, hold up nobody.
 */
export function openStages(runs: readonly StagedRun[], workers: Workers, now: Date): ReadonlyMap<string, number> {
  const open = new Map<string, number>()
  for (const { backupId, stage, isRunning, environment, notBefore } of runs) {
    const isDue = (notBefore === null || notBefore <= now) && isServed(workers, environment)
    if (isRunning || isDue) open.set(backupId, Math.min(stage, open.get(backupId) ?? stage))
  }
  return open
}
