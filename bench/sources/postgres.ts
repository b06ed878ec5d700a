import { delimiter, dirname } from 'node:path'
import type { Restic } from '#lib/restic/restic.ts'
import { startPostgresServer, systemPostgresBin } from '#lib/testing/postgres-server.ts'
import { megabytes } from '../figures.ts'
import { ourPipelines } from './ours.ts'
import { makePostgresData } from './postgres-data.ts'
import { postgresPeers } from './postgres-peers.ts'
import type { Opening, SourceCase, Step } from './source-case.ts'

const FULL = { scale: 50, documents: 320_000 }
const DAYS = 7
const SMALL = { scale: 1, documents: 3000 }

/** A PostgreSQL server with its data. Throws where no PostgreSQL server is installed. */
export async function openPostgres(restic: Restic, { small }: Opening): Promise<SourceCase> {
  const size = small ? SMALL : FULL
  const bin = await systemPostgresBin()
  const server = await startPostgresServer()
  try {
    const data = await makePostgresData(server, bin ?? '', size)
    const bytes = await data.bytes()
    const { port, password } = server
    const surroundings = {
      PATH: [dirname(restic.binary), bin, '/usr/bin', '/bin'].join(delimiter),
      ...{
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: 'postgres',
        PGPASSWORD: password,
        PGDATABASE: data.database,
      },
    }
    const subject = {
      kind: 'postgres',
      settings: { host: '127.0.0.1', port, user: 'postgres', password, database: data.database },
      storageRoots: [],
      surroundings,
      dump: 'pg_dump --format=custom --compress=0 --no-password',
    } as const
    const both = async () => {
      await data.addRows()
      await data.updateNewest()
    }
    const days: Step[] = [
      { name: '1 % new rows', daily: true, scattered: false, make: data.addRows },
      { name: 'newest 1 % updated', daily: true, scattered: false, make: data.updateNewest },
    ]
    while (days.length < DAYS - 1) days.push({ name: 'both', daily: true, scattered: false, make: both })
    return {
      title: 'PostgreSQL',
      data:
        `A database of ${megabytes(bytes)} MB: pgbench at scale ${size.scale}, and a table of ` +
        `${size.documents.toLocaleString('en-US')} pieces of documentation of about 1 kB with an index`,
      surroundings,
      pipelines: [...ourPipelines(restic, subject), ...postgresPeers],
      steps: [...days, { name: '1 % updated at random', daily: false, scattered: true, make: data.updateRandom }],
      programs: ['pg_dump'],
      close: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
