import { PassThrough, Transform } from 'node:stream'
import { quoteName } from '../connections/mysql.ts'

/**
 * A dump names its own database in one kind of statement: where a routine, event or trigger was made under another default
 * character set, the programs change that of the database for a moment, by name. Played into another database, that would
 * change the original. Here the name becomes the target's. In data, line breaks are escaped: no such line can begin there.
 */
export function renameDatabase(from: string, to: string): Transform {
  if (from === to) return new PassThrough()
  const before = statement(from)
  const after = statement(to)
  let rest: Buffer = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const data = Buffer.concat([rest, chunk])
      let start = 0
      for (let at = data.indexOf(before); at !== -1; at = data.indexOf(before, start)) {
        this.push(data.subarray(start, at))
        this.push(after)
        start = at + before.length
      }
      const end = Math.max(start, data.length - before.length + 1) // a statement may be cut by the chunk's end
      rest = Buffer.from(data.subarray(end))
      done(null, data.subarray(start, end))
    },
    flush(done) {
      done(null, rest)
    },
  })
}

const statement = (database: string): Buffer => Buffer.from(`\nALTER DATABASE ${quoteName(database)} CHARACTER SET `)
