import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DriverContext } from './driver.ts'

export interface TemporaryContext extends AsyncDisposable {
  /** A folder of the test's own, and its one storage root. */
  dir: string
  context: DriverContext
  scratchContent(): Promise<string[]>
}

/** A driver's context for one test; removed with everything in it at the end of its block (`await using`). */
export async function temporaryContext(more: Partial<DriverContext> = {}): Promise<TemporaryContext> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'driver-')))
  const [dir, scratch] = [join(home, 'dir'), join(home, 'scratch')]
  await mkdir(dir)
  await mkdir(scratch, { mode: 0o700 })
  const { signal } = new AbortController()
  return {
    dir,
    context: {
      signal,
      scratch,
      kept: join(home, 'kept'),
      log: () => {},
      storageRoots: [dir],
      toolPath: [],
      commandsFile: null,
      installation: null,
      scratchPostgres: null,
      withoutOwners: false,
      part: '',
      progress: () => {},
      ...more,
    },
    scratchContent: () => readdir(scratch),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}
