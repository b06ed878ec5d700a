import { z } from 'zod'
import { timeOfDay } from '#lib/clock/blackouts.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { timeZoneInput } from '#lib/errors/parse-input.ts'
import type { Repository } from '#prisma/client/client.ts'

const kibPerSecond = z.int().min(1).max(100_000_000).optional()

/** What an administrator can choose for a repository besides its place. Everything has a default. */
export const repositoryOptions = z
  .strictObject({
    runsAtOnce: z.int().min(1).max(32).default(2).meta({
      title: 'Backups at once',
      description: 'More wait for one of them to end.',
    }),
    compressionLevel: z.int().min(1).max(9).optional().meta({
      title: 'Compression',
      description: '1 is least, 9 most. Left out: the program’s own. A trigger may ask for another.',
    }),
    pruneEveryDays: z.int().min(0).max(365).default(7).meta({
      title: 'Days between prunes',
      description: 'A prune removes the data that no snapshot needs any more. 0: never, as for an append-only server.',
    }),
    checkEveryDays: z.int().min(0).max(365).default(7).meta({
      title: 'Days between integrity checks',
      description: '0: never.',
    }),
    readAllInWeeks: z.int().min(0).max(520).default(12).meta({
      title: 'Weeks to read all data in',
      description:
        'Each check reads another share, so that all is read in this time. 0: only the structure is checked.',
    }),
    timeZone: timeZoneInput.default('UTC').meta({ title: 'Time zone of the window', examples: ['Europe/Berlin'] }),
    windowFrom: timeOfDay.optional().meta({
      title: 'Upkeep from',
      description: 'Scheduled prunes and checks start in this window only, since they keep backups waiting.',
      examples: ['01:00'],
    }),
    windowTo: timeOfDay.optional().meta({ title: 'Upkeep until', examples: ['05:00'] }),
    uploadKibPerSecond: kibPerSecond.meta({ title: 'Upload limit, KiB per second', advanced: true }),
    downloadKibPerSecond: kibPerSecond.meta({ title: 'Download limit, KiB per second', advanced: true }),
    packSizeMib: z.int().min(4).max(128).optional().meta({
      title: 'Pack size, MiB',
      description: 'Of new files in the repository. Larger ones are fewer.',
      advanced: true,
    }),
  })
  .refine((o) => (o.windowFrom === undefined) === (o.windowTo === undefined), {
    path: ['windowTo'],
    message: 'a window needs both its ends',
  })

export type RepositoryOptions = z.output<typeof repositoryOptions>

export function optionsOf(repository: Pick<Repository, 'name' | 'options'>): RepositoryOptions {
  const parsed = repositoryOptions.safeParse(repository.options)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), problem: message }))
  throw new CodedError('INPUT_INVALID', { issues }, { cause: parsed.error })
}

interface Hours {
  windowFrom?: string | null | undefined
  windowTo?: string | null | undefined
  timeZone: string
}

/** Whether something that keeps to these hours may start now; without hours it may at any time. A window over midnight is one whose end is not after its beginning. */
export function isWindowOpen({ windowFrom, windowTo, timeZone }: Hours, now: Date): boolean {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(now)
  return isWithin({ windowFrom, windowTo }, time)
}

/** The same for a time like 01:30. */
export function isWithin({ windowFrom, windowTo }: Omit<Hours, 'timeZone'>, time: string): boolean {
  if (!windowFrom || !windowTo) return true
  return windowFrom < windowTo ? time >= windowFrom && time < windowTo : time >= windowFrom || time < windowTo
}

/** “its window, 01:00–05:00 Europe/Berlin” */
export const windowText = ({ windowFrom, windowTo, timeZone }: RepositoryOptions): string =>
  `its window, ${windowFrom}–${windowTo} ${timeZone}`
