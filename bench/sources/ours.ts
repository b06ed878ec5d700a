import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { savedPaths } from '#lib/restic/list-files.ts'
import { resticEnvironment } from '#lib/restic/repository.ts'
import { backupPaths, backupStream, initRepository, type RepositoryAccess, type Restic } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { DriverContext } from '#lib/sources/driver.ts'
import type { SourceKind } from '#lib/sources/kinds.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { act, PASSPHRASE, type Pipeline, type Place, type Surroundings } from './pipeline.ts'

/** What is backed up, in our terms and in those of the restic command that is typed by hand. */
export interface Subject {
  kind: SourceKind
  settings: unknown
  storageRoots: readonly string[]
  surroundings: Surroundings
  /** The shell's way to the same data: what stands before `| restic`; null where restic reads the files itself. */
  dump: string | null
}

/**
 * Two pipelines: a run of ours, by its driver and lib/restic as a worker does it, and the restic command typed by hand with
 * the very arguments and environment that ours gave it, read from the process list.
 */
export function ourPipelines(restic: Restic, subject: Subject): [Pipeline, Pipeline] {
  let resticArgs: readonly string[] = []
  const typed = { encrypts: true, compresses: true, keeps: 'repository', needs: [] } as const
  const prepare = (place: Place) => initRepository(at(restic, place), accessOf(place))
  const started = (pid: number) => {
    if (resticArgs.length === 0) resticArgs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1)
  }
  const dump = subject.dump === null ? '' : `${subject.dump} | `
  return [
    {
      ...typed,
      name: 'ours',
      does: `the ${subject.kind} driver, restic, and a look whether the snapshot is there`,
      prepare,
      run: (place) => backUp(restic, subject, place, started),
    },
    {
      ...typed,
      name: 'restic by hand',
      does: `${dump === '' ? '' : 'the same dump command, and '}\`restic backup\` with the very same options`,
      prepare,
      run: (place) =>
        act(
          `${dump}restic "$@"`,
          place,
          { ...resticEnvironment(at(restic, place), accessOf(place)), ...subject.surroundings },
          resticArgs,
        ),
    },
  ]
}

const accessOf = (place: Place): RepositoryAccess => ({
  location: join(place.target, 'repository'),
  password: new Secret(PASSPHRASE),
})

const at = (restic: Restic, place: Place): Restic => ({ ...restic, cacheDir: join(place.work, 'restic-cache') })

/** What a driver gets of a worker, with folders in `work`. */
export function contextIn(work: string, signal: AbortSignal, storageRoots: readonly string[] = []): DriverContext {
  return {
    signal,
    scratch: join(work, 'scratch'),
    kept: join(work, 'kept'),
    storageRoots,
    toolPath: [],
    commandsFile: null,
    installation: null,
    scratchPostgres: null,
    withoutOwners: false,
    part: '',
    log() {},
    progress() {},
  }
}

async function backUp(restic: Restic, subject: Subject, place: Place, started: (pid: number) => void): Promise<void> {
  const driver = driverOf(subject.kind)
  const { signal } = place
  const context = contextIn(place.work, signal, subject.storageRoots)
  await mkdir(context.scratch, { mode: 0o700 })
  const request = {
    host: 'bench',
    tags: ['bench'],
    compressionLevel: 5,
    signal,
    onStarted: ({ pid }: { pid: number }) => started(pid),
    onProgress() {},
    onLog() {},
  }
  const [own, access] = [at(restic, place), accessOf(place)]
  const copy = await driver.open(driver.settings.parse(subject.settings), context)
  try {
    if (copy.shape === 'stream') await backupStream(own, access, { ...request, ...copy })
    else {
      const { snapshotId, partial } = await backupPaths(own, access, { ...request, ...copy })
      const unsaved = await copy.unsaved?.((paths) => savedPaths(own, access, snapshotId, paths, signal))
      if (partial || (unsaved ?? []).length > 0) throw new Error('ours did not save everything')
    }
  } finally {
    await copy.close()
    await rm(context.scratch, { recursive: true })
  }
}
