import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { listedFolder } from '#lib/backups/listed-folders.ts'
import { backupPaths, initRepository, openRestic } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { median, ratio, table } from './figures.ts'
import { circumstances } from './machine.ts'
import type { Section } from './page.ts'

const FULL = { folders: 950, inEach: 1000, inTheLarge: 10_000, rounds: 5 }
const SMALL = { folders: 3, inEach: 10, inTheLarge: 1000, rounds: 2 }
const PAGE_ENTRIES = 500
const silent = { onStarted: () => {}, onProgress: () => {}, onLog: () => {} }

/** What a look into a large folder of a snapshot of many files takes: the first, the next ones, and `restic ls` typed by hand. */
export async function browse(small: boolean): Promise<Section> {
  const size = small ? SMALL : FULL
  const { rounds } = size
  const scratch = mkdtempSync(join(tmpdir(), 'browse-'))
  try {
    const restic = await openRestic({
      cacheDir: join(scratch, 'cache'),
      toolsDir: join(import.meta.dirname, '../.tools/bin'),
    })
    const repository = { location: join(scratch, 'repository'), password: new Secret('only for measuring') }
    await initRepository(restic, repository)
    const access = async () => ({ ...repository, async [Symbol.asyncDispose]() {} })
    const folder = join(scratch, 'files')
    makeFiles(folder, size)
    const request = {
      host: 'bench',
      tags: ['bench'],
      compressionLevel: 5,
      signal: new AbortController().signal,
      ...silent,
    }
    const saved = { ...request, include: [folder], exclude: [], oneFileSystem: true }
    const { snapshotId } = await backupPaths(restic, repository, saved)
    const look = async (path: string, skip: number) => {
      const start = performance.now()
      const found = await listedFolder(async () => restic, access, snapshotId, path, { skip, first: PAGE_ENTRIES })
      if (found === null) throw new Error(`${path} is not in the snapshot`)
      return performance.now() - start
    }
    const first: number[] = []
    const warm: number[] = []
    const other: number[] = []
    for (let round = 0; round < rounds; round++) {
      const path = join(folder, `large-${round}`)
      first.push(await look(path, 0))
      warm.push(await look(path, PAGE_ENTRIES))
      other.push(await look(join(folder, `folder-${round}`), 0))
      console.error(`browse: round ${round + 1} of ${rounds} done`)
    }
    const files = size.folders * size.inEach + rounds * size.inTheLarge
    const row = (name: string, times: number[]) => [
      ...[name, `${median(times).toFixed(median(times) < 10 ? 2 : 0)}`, ratio(median(times) / median(first))],
    ]
    return {
      name: 'browse',
      title: 'Looking into a snapshot',
      content: [
        circumstances(`browse${small ? ' --small' : ''}`, [`restic ${restic.version}`]),
        `A snapshot of ${files.toLocaleString('en')} files, in ${rounds} folders of which lie ${size.inTheLarge.toLocaleString('en')} each; ${PAGE_ENTRIES} are asked for. Medians of ${rounds}:`,
        table(
          ['what', 'ms', 'ratio'],
          [
            row('the first look at a large folder', first),
            row('the next page of it', warm),
            row(`the first look at a folder of ${size.inEach}`, other),
          ],
          true,
        ),
        'restic opens the repository and reads its index for each first look, which takes most of it: it grows with the number of files in the repository, not with the folder. What it told is kept in memory: a snapshot never changes.',
      ].join('\n\n'),
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function makeFiles(root: string, { folders, inEach, inTheLarge, rounds }: typeof FULL): void {
  const fill = (name: string, count: number) => {
    const folder = join(root, name)
    mkdirSync(folder, { recursive: true })
    for (let i = 0; i < count; i++) writeFileSync(join(folder, `file-${i}`), `${i}`)
  }
  for (let i = 0; i < folders; i++) fill(`folder-${i}`, inEach)
  for (let i = 0; i < rounds; i++) fill(`large-${i}`, inTheLarge)
}
