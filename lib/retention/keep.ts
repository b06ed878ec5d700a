import type { Rule } from './rule.ts'

/** A good run whose snapshot is there, of one source, part and repository. */
export interface GoodRun {
  id: string
  finishedAt: Date
  state: 'SUCCEEDED' | 'PARTIAL'
  /** Which rule it is kept by. */
  ruleId: string
  isPinned: boolean
  /** A verification restored it and found it right. */
  isVerified: boolean
}

export interface ZonedRule extends Rule {
  /** In which hours, days, weeks, months and years are counted. */
  timeZone: string
}

const DAY_MS = 86_400_000

const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
const names = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year' } as const

/**
 * Which runs stay, and why: the reasons by the run's id. A run without any may go. Whatever the rules are, these stay: the
 * newest good one, the newest whole one, the newest verified one and the newest verified whole one, what is pinned, and what no rule applies to. Each run is kept by its own rule, counted over the runs of that
 * rule. A period's run is its newest whole one, else its newest partial one; a whole one counts before a partial one among
 * the last, too. Days are counted back from the newest good run, not from now: where backups have stopped, nothing goes.
 * A run that ended after `now` did so while the clock was wrong: it stays, and the others are judged as if it were not there.
 */
export function keepList(
  runs: readonly GoodRun[],
  rules: ReadonlyMap<string, ZonedRule>,
  now: Date,
): ReadonlyMap<string, string[]> {
  const kept = new Map<string, string[]>(runs.map((run) => [run.id, []]))
  const keep = (run: GoodRun | undefined, reason: string) => run && kept.get(run.id)?.push(reason)
  for (const run of runs) if (run.finishedAt > now) keep(run, 'its time has not come')
  const newestFirst = runs.filter((run) => run.finishedAt <= now).sort(byTime)
  const [newest] = newestFirst
  keep(newest, 'the newest good one')
  keep(
    newestFirst.find((run) => run.state === 'SUCCEEDED'),
    'the newest whole one',
  )
  keep(
    newestFirst.find((run) => run.isVerified),
    'the newest verified one',
  )
  keep(
    newestFirst.find((run) => run.isVerified && run.state === 'SUCCEEDED'),
    'the newest verified whole one',
  )
  for (const run of runs) if (run.isPinned) keep(run, 'pinned')

  for (const [ruleId, rule] of rules) {
    const ofRule = newestFirst.filter((run) => run.ruleId === ruleId)
    const since = (newest?.finishedAt.getTime() ?? 0) - rule.days * DAY_MS
    if (rule.days > 0)
      for (const run of ofRule)
        if (run.finishedAt.getTime() >= since) keep(run, `at most ${rule.days} days older than the newest`)
    const wholeFirst = [...ofRule].sort((a, b) => rank(a) - rank(b) || byTime(a, b))
    for (const run of wholeFirst.slice(0, rule.last)) keep(run, `one of the last ${rule.last}`)
    for (const period of periods) {
      const byPeriod = Map.groupBy(wholeFirst, (run) => nameOfPeriod(period, run.finishedAt, rule.timeZone))
      const newestPeriods = [...byPeriod.keys()].sort().reverse().slice(0, rule[period])
      for (const name of newestPeriods) keep(byPeriod.get(name)?.[0], `of the ${names[period]} ${name}`)
    }
  }
  for (const run of runs) if (!rules.has(run.ruleId)) keep(run, 'no rule applies to it')
  return kept
}

const byTime = (a: GoodRun, b: GoodRun) => b.finishedAt.getTime() - a.finishedAt.getTime() || (a.id < b.id ? 1 : -1)
const rank = ({ state }: GoodRun) => (state === 'SUCCEEDED' ? 0 : 1)

/** Sorts by time: “2026-03-01 14:00 +01:00”, “2026-03-01”, “2026-W09”, “2026-03”, “2026”. */
function nameOfPeriod(period: (typeof periods)[number], at: Date, timeZone: string): string {
  const part = Object.fromEntries(
    formatter(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const date = `${part.year}-${part.month}-${part.day}`
  switch (period) {
    case 'hourly':
      // By the moment: the hour that the clock is put back by is there twice.
      return new Date(Math.floor(at.getTime() / 3_600_000) * 3_600_000).toISOString().slice(0, 16)
    case 'daily':
      return date
    case 'weekly':
      return weekOf(date)
    case 'monthly':
      return date.slice(0, 7)
    case 'yearly':
      return date.slice(0, 4)
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>()
function formatter(timeZone: string): Intl.DateTimeFormat {
  const found = formatters.get(timeZone)
  if (found) return found
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  formatters.set(timeZone, made)
  return made
}

/** The week of ISO 8601: it begins on Monday and belongs to the year that its Thursday is in. */
function weekOf(date: string): string {
  const day = new Date(`${date}T00:00:00Z`)
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * DAY_MS)
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const week = Math.floor((thursday.getTime() - newYear) / DAY_MS / 7) + 1
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}
