import { z } from 'zod'
import type { Clock } from '#lib/clock/now.ts'
import type { Database } from '#lib/database/database.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { Prisma } from '#prisma/client/client.ts'
import type { LogLevel } from '#prisma/client/enums.ts'

export const searchInput = z.strictObject({
  /** Words, "a phrase", or, and -not, as PostgreSQL’s websearch_to_tsquery reads them. Empty: every line. */
  text: z.string().trim().max(200, 'may have at most 200 characters').default(''),
  /** The least. */
  level: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']).default('DEBUG'),
  sourceId: z.uuid().nullable().default(null),
  from: z.date().nullable().default(null),
  to: z.date().nullable().default(null),
})

export interface FoundLine {
  backupId: string
  sourceId: string | null
  seq: number
  at: Date
  level: LogLevel
  message: string
}

const MOST = 200
const DAY_MS = 86_400_000
/** How far back is looked, until enough is found: a word that stands everywhere is found in the first of them. */
const WINDOWS_DAYS = [1, 7, 30, null] as const
const levels: LogLevel[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR']

/** A change of state has no level of its own. */
const levelOf = Prisma.sql`coalesce(e.level, (case when e.state = 'FAILED' then 'ERROR' when e.state in ('PARTIAL', 'INTERRUPTED')
  then 'WARNING' else 'INFO' end)::"LogLevel")`

/** As the index has it: names and paths are no words of their own, but what stands between their signs. */
const words = Prisma.sql`to_tsvector('simple', regexp_replace(e.message, '[^[:alnum:]]+', ' ', 'g'))`

/** What was asked for, split in the same way: invoice-2291.pdf is the phrase “invoice 2291 pdf”. */
export function askedWords(text: string): string {
  const parts = text.match(/-?"[^"]*"?|[^\s"]+/g) ?? []
  return parts
    .map((part) => {
      const not = part.startsWith('-') ? '-' : ''
      const plain = part.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
      return plain === '' ? '' : /^or$/i.test(part) ? 'or' : `${not}"${plain}"`
    })
    .filter((part) => part !== '')
    .join(' ')
}

/** Lines of the logs of all backups, and why their runs ended as they did, newest first, at most 200. Throws INPUT_INVALID. */
export async function searchLog(
  { prisma, clock }: { prisma: Database; clock: Clock },
  raw: unknown,
): Promise<FoundLine[]> {
  const { text, level, sourceId, from, to } = parseInput(searchInput, raw)
  if (text !== '' && askedWords(text) === '') return [] // nothing but signs
  const until = to ?? clock.now()
  const wanted = levels.slice(levels.indexOf(level)).map((one) => Prisma.sql`${one}::"LogLevel"`)
  for (const days of WINDOWS_DAYS) {
    const start = days === null ? null : new Date(until.getTime() - days * DAY_MS)
    const since = latest(from, start)
    const found = await prisma.$queryRaw<FoundLine[]>`
      select e.backup_id as "backupId", r.source_id as "sourceId", e.seq, e.at, ${levelOf} as level, e.message
      from backup_events e left join backup_runs r on r.id = e.run_id
      where e.message is not null and e.at <= ${until} and ${levelOf} in (${Prisma.join(wanted)})
        ${since === null ? Prisma.empty : Prisma.sql`and e.at >= ${since}`}
        ${text === '' ? Prisma.empty : Prisma.sql`and ${words} @@ websearch_to_tsquery('simple', ${askedWords(text)})`}
        ${sourceId === null ? Prisma.empty : Prisma.sql`and r.source_id = ${sourceId}::uuid`}
      order by e.at desc, e.backup_id, e.seq desc limit ${MOST}`
    const isAll = days === null || (from !== null && start !== null && from >= start)
    if (found.length >= MOST || isAll) return found
  }
  return []
}

const latest = (a: Date | null, b: Date | null): Date | null => (a !== null && b !== null ? (a > b ? a : b) : (a ?? b))
