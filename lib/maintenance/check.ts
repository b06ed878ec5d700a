import { z } from 'zod'
import { optionsOf, type RepositoryOptions } from '#lib/repositories/options.ts'
import { checkRepository } from '#lib/restic/check.ts'
import { damagedKeys } from '#lib/restic/keys.ts'
import { type CheckFindings, checkResult, type Share } from './check-result.ts'
import { lookForDamage, nothing } from './look-for-damage.ts'
import type { Performer } from './performer.ts'

const options = z.strictObject({
  /** `share`: the next one, so that all is read in the weeks that the repository's options give. `none`: the structure alone. */
  readData: z.enum(['share', 'all', 'none']).default('share'),
})

/** restic takes no more: `--read-data-subset=n/t`, t at most 256. It parts the packs by the first byte of their ids. */
const MOST_SHARES = 256
/** In a mail. All are in the result. */
const PROBLEMS_TOLD = 10
/** For a repository that is checked by hand alone. */
const USUAL_DAYS = 7

/** How many checks read everything once: as many as fit into the weeks, at least one. 0: data is never read. */
export function sharesOf({ readAllInWeeks, checkEveryDays }: RepositoryOptions): number {
  if (readAllInWeeks === 0) return 0
  const checks = Math.floor((readAllInWeeks * 7) / (checkEveryDays === 0 ? USUAL_DAYS : checkEveryDays))
  return Math.min(Math.max(checks, 1), MOST_SHARES)
}

/**
 * Looks whether the repository is whole: its structure, and a share of its data. What it finds is its result, whatever that is;
 * it fails only when it could not be made.
 */
export const check: Performer<z.infer<typeof options>> = {
  options,
  attempts: 3,

  async perform(deps, { repository, options: { readData }, restic, access, ...call }): Promise<CheckFindings> {
    const share = shareToRead(readData, sharesOf(optionsOf(repository)), repository.nextShare)
    const subset = share === null ? undefined : share.of === 1 ? 'all' : `${share.number}/${share.of}`
    const found = await checkRepository(restic, access, { ...call, readData: subset })
    // A server that goes away in the middle looks like damage: this rejects with what is wrong with it.
    const keys = await damagedKeys(restic, access, { signal: call.signal })
    const damage = found.sound ? nothing : await lookForDamage(deps, repository, restic, access, found, call)
    const keyProblems = keys.map((id) => `key ${id}: cannot be read`)
    return {
      ...found,
      ...damage,
      sound: found.sound && keys.length === 0,
      problems: [...damage.problems, ...keyProblems],
      damagedKeys: keys,
      share,
    }
  },

  /** A share that is damaged is read again next time, so that a check that finds nothing wrong says that it was mended. */
  async onSuccess(tx, { queue }, task, result) {
    const { sound, share, problems, touched, touchedInFull } = checkResult.parse(result)
    const { id, repositoryId } = task
    if (!sound) {
      const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`select clock_timestamp() as now`
      const names = [...new Set(touched.map(({ name }) => name))]
      const found = { problems: problems.slice(0, PROBLEMS_TOLD), touched: names, touchedInFull }
      const notice = { kind: 'damaged' as const, at: now.toISOString(), ...found }
      await queue.send(tx, 'notify.repository', { repositoryId, event: `task ${id}`, notice })
    }
    if (!sound || share === null || options.parse(task.options).readData !== 'share') return
    const nextShare = share.number % share.of
    await tx.repository.update({ where: { id: repositoryId }, data: { nextShare } })
  },
}

function shareToRead(readData: z.infer<typeof options>['readData'], of: number, next: number): Share | null {
  if (readData === 'all') return { number: 1, of: 1 }
  return readData === 'none' || of === 0 ? null : { number: (next % of) + 1, of }
}
