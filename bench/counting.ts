import { once } from 'node:events'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { driverOf } from '#lib/sources/registry.ts'
import { startPostgresServer, systemPostgresBin } from '#lib/testing/postgres-server.ts'
import { median, megabytes, ratio, seconds, table } from './figures.ts'
import { circumstances, versionOf } from './machine.ts'
import type { Section } from './page.ts'
import { contextIn } from './sources/ours.ts'
import { makePostgresData } from './sources/postgres-data.ts'

const FULL = { scale: 50, documents: 320_000, rounds: 5 }
const SMALL = { scale: 1, documents: 3000, rounds: 1 }

/**
 * What it costs to count the rows of a PostgreSQL database while it is dumped. Rounds are interleaved. The dump goes to
 * /dev/null: compression and encryption would hide the difference.
 */
export async function counting(small: boolean): Promise<Section> {
  const { rounds, ...size } = small ? SMALL : FULL
  const server = await startPostgresServer()
  const folder = await mkdtemp(join(tmpdir(), 'counting-'))
  try {
    const bin = (await systemPostgresBin()) ?? ''
    const data = await makePostgresData(server, bin, size)
    const bytes = await data.bytes()
    const pgDump = (await versionOf('pg_dump', bin)) ?? 'pg_dump'
    const { port, password } = server
    const settings = { host: '127.0.0.1', port, user: 'postgres', password, database: data.database }
    const dump = async (countRows: boolean) => {
      const start = performance.now()
      await dumpOnce({ ...settings, countRows }, folder)
      return performance.now() - start
    }
    const times = { counted: [] as number[], plain: [] as number[] }
    await dump(true) // brings the tables into memory
    for (let round = 0; round < rounds; round++) {
      times.plain.push(await dump(false))
      times.counted.push(await dump(true))
    }
    const [counted, plain] = [median(times.counted), median(times.plain)]
    return {
      name: 'counting',
      title: 'Counting the rows of PostgreSQL while they are dumped',
      content: [
        circumstances(`counting${small ? ' --small' : ''}`, [pgDump]),
        `A database of ${megabytes(bytes)} MB, all of it in memory, dumped to /dev/null; medians of ${rounds}, interleaved:`,
        table(
          ['what', 'counted, s', 'not counted, s', 'ratio'],
          [['dump', seconds(counted), seconds(plain), ratio(counted / plain)]],
          true,
        ),
      ].join('\n\n'),
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function dumpOnce(settings: object, folder: string): Promise<void> {
  const driver = driverOf('postgres')
  const context = contextIn(folder, new AbortController().signal)
  await mkdir(context.scratch, { recursive: true })
  const copy = await driver.open(driver.settings.parse(settings), context)
  try {
    if (copy.shape !== 'stream') throw new Error('a dump is a stream')
    const sink = (await open('/dev/null', 'w')).createWriteStream()
    await copy.write(sink, new AbortController().signal)
    const counts = await copy.tables?.()
    if (('countRows' in settings && settings.countRows === true) !== (counts != null)) throw new Error('wrong counts')
    sink.end()
    await once(sink, 'close')
  } finally {
    await copy.close()
  }
}
