import type { Repository, RepositoryFigures } from '#prisma/client/client.ts'
import { optionsOf } from './options.ts'

export const healthStates = [
  'OK',
  'NOT_MADE',
  'UNREACHABLE',
  'DAMAGED',
  'FULL',
  'CHECK_FAILED',
  'CHECK_OVERDUE',
  'NEVER_CHECKED',
] as const

export type HealthState = (typeof healthStates)[number]

/** A check that was made. `share` as in lib/maintenance/check-result.ts. */
export interface Checked {
  at: Date
  sound: boolean
  share: { number: number; of: number } | null
}

export type Seen = Pick<Repository, 'name' | 'options' | 'initialisedAt' | 'unreachableSince' | 'problemMessage'>

export interface HealthFacts {
  repository: Seen
  /** Oldest first. */
  checks: readonly Checked[]
  /** Why the newest check could not be made; null when it was. */
  checkFailed: string | null
  figures: Pick<RepositoryFigures, 'freeBytes' | 'totalBytes'> | null
  /** Whether the newest backup into it failed for want of space. */
  lastRunFoundItFull: boolean
  now: Date
}

const DAY_MS = 24 * 60 * 60_000
const FULL_BELOW = 0.02

/**
 * Whether a repository can be relied upon, in one word and a sentence. The worst that is known comes first; nothing is well that
 * was not checked.
 */
export function healthOf(facts: HealthFacts): { state: HealthState; sentence: string } {
  const { repository, checks, checkFailed, figures, lastRunFoundItFull, now } = facts
  const damage = standingDamage(checks)
  const last = checks.at(-1)
  const { checkEveryDays } = optionsOf(repository)
  const say = (state: HealthState, sentence: string) => ({ state, sentence })

  if (repository.initialisedAt === null) return say('NOT_MADE', 'It has not been made yet.')
  if (repository.unreachableSince !== null) {
    const also = damage.length > 0 ? ' The last check found damage.' : ''
    const problem = repository.problemMessage ?? 'It does not answer.'
    return say('UNREACHABLE', `${problem} Since ${minute(repository.unreachableSince)}.${also}`)
  }
  if (damage.length > 0)
    return say(
      'DAMAGED',
      `The check of ${minute((damage.at(-1) as Checked).at)} found damage, and no later one found the same data whole.`,
    )
  if (lastRunFoundItFull) return say('FULL', 'The newest backup found no space left.')
  if (figures?.freeBytes != null && figures.totalBytes != null) {
    const left = Number(figures.freeBytes) / Number(figures.totalBytes)
    if (left < FULL_BELOW) return say('FULL', `${(left * 100).toFixed(1)} % of its space are left.`)
  }
  if (checkFailed !== null) return say('CHECK_FAILED', `The newest check could not be made: ${checkFailed}`)
  if (last === undefined)
    return say('NEVER_CHECKED', checkEveryDays === 0 ? 'It is never checked.' : 'It has not been checked yet.')
  const days = Math.floor((now.getTime() - last.at.getTime()) / DAY_MS)
  if (checkEveryDays > 0 && days > 2 * checkEveryDays)
    return say('CHECK_OVERDUE', `It was last checked ${days} days ago, instead of every ${checkEveryDays}.`)
  return say('OK', `It answers, and the check of ${minute(last.at)} found it whole.`)
}

/**
 * The checks that found damage which no later check found mended. A check of the structure says nothing about damage that was
 * found by reading data: only one that read the same share does, or one that read all, or several that did together. Oldest
 * first, as they are given.
 */
export function standingDamage<C extends Checked>(checks: readonly C[]): C[] {
  return checks.filter(({ sound, share }, at) => {
    if (sound) return false
    const later = checks.slice(at + 1).filter((one) => one.sound)
    const read = later.flatMap((one) => (one.share ? [one.share] : []))
    if (share === null) return later.length === 0
    const sizes = new Set(read.map(({ of }) => of))
    const isAllRead = [...sizes].some((of) => new Set(read.filter((r) => r.of === of).map((r) => r.number)).size === of)
    return !isAllRead && !read.some(({ number, of }) => number === share.number && of === share.of)
  })
}

/** “2026-03-01 09:30 UTC” */
const minute = (date: Date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
