import { Transform } from 'node:stream'
import { quoteName } from '../connections/mysql.ts'

/**
 * Changes a dump on its way into the database `to`, in two kinds of statement:
 * - Where a routine, event or trigger was made under another default character set, the dump programs set that of the
 *   database for a moment, by name. Played into another database, that would change the original: the name becomes `to`.
 * - The mode in which rows are inserted turns dates that were once let in (ALLOW_INVALID_DATES) into 0000-00-00, with a
 *   warning that nobody sees: they are let in again.
 * Line breaks within data are escaped, so no line of data can begin like a statement.
 */
export function rewriteDump(from: string, to: string): Transform {
  const rules = [
    [`\nALTER DATABASE ${quoteName(from)} CHARACTER SET `, `\nALTER DATABASE ${quoteName(to)} CHARACTER SET `],
    [" SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n", " SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES' */;\n"],
  ].map(([before = '', after = '']) => ({ before: Buffer.from(before), after: Buffer.from(after) }))
  const longest = Math.max(...rules.map(({ before }) => before.length))
  const nextIn = (data: Buffer, start: number) =>
    rules
      .map((rule) => ({ ...rule, at: data.indexOf(rule.before, start) }))
      .filter(({ at }) => at !== -1)
      .sort((a, b) => a.at - b.at)[0]

  let rest: Buffer = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const data = Buffer.concat([rest, chunk])
      let start = 0
      for (let found = nextIn(data, start); found !== undefined; found = nextIn(data, start)) {
        this.push(data.subarray(start, found.at))
        this.push(found.after)
        start = found.at + found.before.length
      }
      const end = Math.max(start, data.length - longest + 1) // a statement may be cut by the chunk's end
      rest = Buffer.from(data.subarray(end))
      done(null, data.subarray(start, end))
    },
    flush(done) {
      done(null, rest)
    },
  })
}
