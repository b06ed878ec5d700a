import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import type { Restic } from '#lib/restic/restic.ts'
import { figure, megabytes } from '../figures.ts'
import { makeFilesData } from './files-data.ts'
import { ourPipelines } from './ours.ts'
import { AES, AES_CBC, BORG_INIT, type Pipeline, RESTIC_INIT } from './pipeline.ts'
import type { Opening, SourceCase } from './source-case.ts'

const FULL = 100_000
const SMALL = 500

const NO_LISTING =
  'it does not list the files before it starts, as ours does so that none that vanishes meanwhile is missed in silence'

/** What others run for folders, from their public source as of mid-2026. DATA is the folder. */
const peers: readonly Pipeline[] = [
  {
    name: 'Backrest',
    does: '`restic snapshots`, `restic backup`, `restic forget --keep-…`, `restic snapshots`',
    encrypts: true,
    compresses: true,
    keeps: 'repository',
    needs: [],
    prepare: RESTIC_INIT,
    run:
      'restic snapshots --json --tag plan; restic backup --json "$DATA" --exclude-caches --tag plan; ' +
      'restic forget --json --keep-last 30 --tag plan --group-by ""; restic snapshots --json --tag plan',
    whyFaster: NO_LISTING,
  },
  {
    name: 'Zerobyte',
    does: '`ionice -c 3 nice -n 10 restic backup`, then `restic forget --prune --keep-…`',
    encrypts: true,
    compresses: true,
    keeps: 'repository',
    needs: [],
    prepare: RESTIC_INIT,
    run:
      'ionice -t -c 3 nice -n 10 restic backup --compression auto --host bench --tag plan --json -- "$DATA"; ' +
      'restic forget --group-by tags --tag plan --keep-last 30 --prune --json',
    whyFaster: NO_LISTING,
  },
  {
    name: 'borg',
    does: '`borg create` with lz4, as borgmatic calls it',
    encrypts: true,
    compresses: true,
    keeps: 'repository',
    needs: ['borg'],
    prepare: BORG_INIT,
    run: 'borg create "::$RUN" "$DATA"',
    whyFaster: 'lz4 takes a tenth of the time that zstd takes, and stores more',
  },
  {
    name: 'script: tar, zstd, AES',
    does: '`tar | zstd -3 | openssl aes-256-ctr`',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['zstd', 'openssl'],
    run: `tar --create --directory "$DATA" . | zstd -3 --quiet | ${AES} > "$TARGET/archive"`,
    whyFaster: 'it does not look for what is stored already, and stores all of it again each time',
  },
  {
    name: 'gobackup',
    does: '`tar | gzip | openssl aes-256-cbc`',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['gzip', 'openssl'],
    run: `tar --create --gzip --directory "$DATA" . | ${AES_CBC} > "$TARGET/archive"`,
  },
]

/** A folder with many files below `folder`. */
export async function openFiles(restic: Restic, { small, folder }: Opening): Promise<SourceCase> {
  const root = join(folder, 'data')
  await mkdir(root)
  const count = small ? SMALL : FULL
  const data = await makeFilesData(root, count)
  const surroundings = { PATH: [dirname(restic.binary), '/usr/bin', '/bin'].join(delimiter), DATA: root }
  const subject = {
    kind: 'files',
    settings: { paths: [root] },
    storageRoots: [root],
    surroundings,
    dump: null,
  } as const
  return {
    title: 'Files',
    data:
      `${count.toLocaleString('en-US')} files with ${megabytes(data.bytes())} MB in folders of 100, ` +
      `${figure(data.bytes() / count / 1000)} kB each on average; every second one is a piece of documentation, the others do not compress`,
    surroundings,
    pipelines: [...ourPipelines(restic, subject), ...peers],
    programs: [],
    steps: [
      { name: '1 % new files', daily: false, scattered: false, make: data.addFiles },
      { name: 'newest 1 % changed', daily: false, scattered: false, make: data.changeNewest },
      { name: '1 % changed at random', daily: false, scattered: true, make: data.changeRandom },
    ],
    close: async () => {}, // the folder is its caller’s
  }
}
