import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import type { Restic } from '#lib/restic/restic.ts'
import { writeDefaultsFile } from '#lib/sources/mysql/defaults-file.ts'
import { mysqlSettings } from '#lib/sources/mysql/settings.ts'
import { startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { megabytes } from '../figures.ts'
import { makeMariadbData } from './mariadb-data.ts'
import { mariadbPeers } from './mariadb-peers.ts'
import { contextIn, ourPipelines } from './ours.ts'
import type { Opening, SourceCase } from './source-case.ts'

const FULL = { documents: 280_000, orders: 3_000_000 }
const SMALL = { documents: 3000, orders: 30_000 }

/** Room for all of the data, as a server of that size is given; the default of 128 MB makes loading it the longest part. */
const ROOM = ['innodb-buffer-pool-size=1G', 'innodb-log-file-size=512M']

/** The driver's own options, for the dump by hand. */
const DUMP =
  'mariadb-dump --defaults-file="$DEFAULTS" --single-transaction --skip-lock-tables --quick --routines --events --triggers ' +
  '--hex-blob --no-tablespaces --skip-dump-date --default-character-set=utf8mb4 --max-allowed-packet=1G "$DATABASE"'

/** A MariaDB server with its data. Throws where no MariaDB server is installed. */
export async function openMariadb(restic: Restic, { small, folder, signal }: Opening): Promise<SourceCase> {
  const size = small ? SMALL : FULL
  const server = await startMariadbServer({ options: ROOM })
  try {
    const data = await makeMariadbData(server, size)
    const bytes = await data.bytes()
    const { port, user, password } = server
    const settings = { host: '127.0.0.1', port, user, password, database: data.database }
    const own = join(folder, 'client')
    await mkdir(join(own, 'scratch'), { recursive: true, mode: 0o700 })
    const { argument } = await writeDefaultsFile(
      mysqlSettings.parse(settings),
      'MariaDB',
      false,
      contextIn(own, signal),
    )
    const surroundings = {
      PATH: [dirname(restic.binary), '/usr/bin', '/bin'].join(delimiter),
      DEFAULTS: argument.replace('--defaults-file=', ''),
      DATABASE: data.database,
    }
    const subject = { kind: 'mysql', settings, storageRoots: [], surroundings, dump: DUMP } as const
    return {
      title: 'MariaDB',
      data:
        `A database of ${megabytes(bytes)} MB: a table of ${size.documents.toLocaleString('en-US')} pieces of documentation ` +
        `of about 1 kB and one of ${size.orders.toLocaleString('en-US')} orders, each with an index`,
      surroundings,
      programs: ['mariadb-dump'],
      pipelines: [...ourPipelines(restic, subject), ...mariadbPeers],
      steps: [
        { name: '1 % new rows', daily: false, scattered: false, make: data.addRows },
        { name: 'newest 1 % updated', daily: false, scattered: false, make: data.updateNewest },
        { name: '1 % updated at random', daily: false, scattered: true, make: data.updateRandom },
      ],
      close: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
