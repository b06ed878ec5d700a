import { CommandFailed } from './failure.ts'

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** 1 is Monday. */
export interface Blackout {
  days: number[]
  from: string
  to: string
}

/** The way back: “mon,tue 08:00-18:00”. */
export const blackoutWords = ({ days, from, to }: Blackout): string =>
  `${days.map((day) => dayNames[day - 1]).join(',')} ${from}-${to}`

/** Of words like “mon-fri,sun 08:00-18:00”; none of “none”. Throws CommandFailed. */
export function blackoutsOf(words: string[] | undefined): Blackout[] | undefined {
  if (words?.join() === 'none') return []
  return words?.map((word) => {
    const [days = '', times = '', ...more] = word.trim().toLowerCase().split(/\s+/)
    const [from, to, ...rest] = times.split('-')
    if (!from || !to || rest.length > 0 || more.length > 0) throw unreadable(word)
    return { days: days.split(',').flatMap((part) => daysOf(part, word)), from, to }
  })
}

/** “fri-mon” goes over the end of the week. */
function daysOf(part: string, word: string): number[] {
  const ends = part.split('-').map((name) => dayNames.indexOf(name) + 1)
  const [first, last = first] = ends
  if (!first || !last || ends.length > 2) throw unreadable(word)
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => ((first - 1 + index) % 7) + 1)
}

const unreadable = (word: string) =>
  new CommandFailed(
    `“${word}” is no time of the week.`,
    'Write days and times in quotation marks, like "mon-fri 08:00-18:00" or "sat,sun 00:00-00:00".',
  )
