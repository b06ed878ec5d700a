/** Run as a child by memory.test.ts: standard input says what to do, the last line of output what it took. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { answerDownload } from '#app/api/_http/answer-download.ts'
import { temporaryContext } from '../conformance-context.ts'
import { userDataDriver } from './driver.ts'
import { exportPerson } from './person-export.ts'
import { userDataSettings } from './settings.ts'

const asked = (await json(process.stdin)) as { settings: unknown; person: string | null }
const settings = userDataSettings.parse(asked.settings)
await using run = await temporaryContext()
let bytes = 0
if (asked.person === null) {
  const copy = await userDataDriver.open(settings, run.context)
  for (const file of await run.scratchContent()) bytes += (await stat(join(run.context.scratch, file))).size
  await copy.close()
} else {
  const { body } = answerDownload({ content: await exportPerson(settings, asked.person, run.context), filename: 'x' })
  const count = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      setImmediate(done)
    },
  })
  await pipeline(body as never, count)
}
process.stdout.write(`${JSON.stringify({ bytes, maxRssBytes: process.resourceUsage().maxRSS * 1024 })}\n`)
