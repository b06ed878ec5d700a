import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BundledPostgres, openBundledPostgres } from '#lib/database/bundled-postgres.ts'
import type { Code } from '#lib/errors/catalogue.ts'
import { type CopyUnderTest, childrenOfOurs, saveCopy, stalledReader, untilBusy } from './conformance-copy.ts'
import { type SourceFaults, testFaults } from './conformance-faults.ts'
import type { DriverContext, SourceDriver, TableCounts } from './driver.ts'
import type { SourceKind } from './kinds.ts'
import { driverOf } from './registry.ts'

type Raw = Record<string, unknown>

/** What a driver's own test provides. `dir` is a folder of the test's own, inside the storage roots. Settings are unparsed. */
export interface SourceFixture {
  /** Why the suite cannot run here, or null. */
  missing?: string | null
  start?(): Promise<void>
  stop?(): Promise<void>
  /** What the driver's context has besides, where the kind needs it: files that a machine's operator wrote. */
  context?(dir: string): Partial<DriverContext>
  /** A source that holds something. */
  filled(dir: string): Promise<Raw>
  /** One whose names have spaces, quotes, line breaks and letters beyond ASCII. */
  odd(dir: string): Promise<Raw>
  /** One with nothing in it. */
  empty(dir: string): Promise<Raw>
  /** One that is not there, and the code that says so. */
  gone(dir: string): Promise<{ settings: Raw; code: Code }>
  /** One that takes a while to copy; null where opening is instant. */
  big: ((dir: string) => Promise<Raw>) | null
  /** Where a source is restored to, and the settings with which to look at it there (null: the receipt is all there is). */
  elsewhere(settings: Raw, dir: string): Promise<{ settings: Raw; target?: string; seen: Raw | null }>
  faults: SourceFaults
}

/** The suite that every driver passes. */
export function describeSource(kind: SourceKind, fixture: SourceFixture, variant = ''): void {
  describe.skipIf(fixture.missing)(
    `The driver ${kind}${variant}${fixture.missing ? ` (${fixture.missing})` : ''}`,
    () => {
      const driver: SourceDriver = driverOf(kind)
      let dir: string
      let scratch: string
      let kept: string
      let childrenBefore: Set<number>

      beforeAll(() => fixture.start?.())
      afterAll(() => fixture.stop?.())
      beforeEach(async () => {
        dir = await realpath(await mkdtemp(join(tmpdir(), 'source-')))
        scratch = await realpath(await mkdtemp(join(tmpdir(), 'scratch-')))
        kept = join(await realpath(await mkdtemp(join(tmpdir(), 'kept-'))), 'kept')
        childrenBefore = await childrenOfOurs()
      })
      afterEach(async () => {
        const [left, children] = [await readdir(scratch), await childrenOfOurs()]
        await rm(dir, { recursive: true, force: true })
        await rm(scratch, { recursive: true, force: true })
        await rm(dirname(kept), { recursive: true, force: true })
        expect(left, 'files left in the scratch folder').toEqual([])
        expect(
          [...children].filter((pid) => !childrenBefore.has(pid)),
          'programs left running',
        ).toEqual([])
      })

      const context = (more: Partial<DriverContext> = {}): DriverContext => ({
        signal: new AbortController().signal,
        scratch,
        kept,
        log: () => {},
        storageRoots: [dir],
        toolPath: [],
        commandsFile: null,
        installation: null,
        scratchPostgres: null,
        withoutOwners: false,
        part: '',
        progress: () => {},
        ...fixture.context?.(dir),
        ...more,
      })
      const roundTrip = async (raw: Raw) => {
        const settings = driver.settings.parse(raw)
        const restored = join(dir, 'restored by restic')
        await saveCopy(await driver.open(settings, context()), restored)
        expect(await readdir(scratch), 'left after close').toEqual([])
        const before = await driver.inspect(settings, context())
        const place = await fixture.elsewhere(raw, join(dir, 'else where'))
        const receipt = await driver.restore(driver.settings.parse(place.settings), restored, context(), place.target)
        expect(receipt.inventory).toEqual(before)
        if (place.seen) expect(await driver.inspect(driver.settings.parse(place.seen), context())).toEqual(before)
        return before
      }

      test('describes a source that can be reached', async () => {
        const probe = await driver.probe(driver.settings.parse(await fixture.filled(dir)), context())
        expect(probe.summary).not.toBe('')
      })

      test('brings back what was there', async () => {
        const before = await roundTrip(await fixture.filled(dir))
        const rows = Object.values(before.tables ?? {}).reduce((sum, n) => sum + n, 0)
        expect(rows + (before.files ?? 0)).toBeGreaterThan(0)
      })

      test('brings back odd names', async () => {
        await roundTrip(await fixture.odd(dir))
      })

      test('brings back an empty source', async () => {
        await roundTrip(await fixture.empty(dir))
      })

      if (driver.openScratch !== undefined)
        test('can be loaded into a scratch place, and is there what it was', async () => {
          const settings = driver.settings.parse(await fixture.filled(dir))
          const saved = join(dir, 'restored by restic')
          const opened = await driver.open(settings, context())
          const counted: { tables?: TableCounts | null } = {}
          await saveCopy(opened, saved, async () => {
            counted.tables = (await opened.tables?.()) ?? null
          })
          const before = await driver.inspect(settings, context())
          if (counted.tables) {
            expect(Object.keys(counted.tables).sort()).toEqual(Object.keys(before.tables ?? {}).sort())
            for (const [table, rows] of Object.entries(counted.tables))
              if (rows !== null) expect(rows, table).toBe(before.tables?.[table])
          }
          const server = await scratchServer(dir)
          const place = await driver.openScratch?.(
            settings,
            context({ scratchPostgres: { start: server.start, given: null } }),
          )
          try {
            expect((await place?.load(saved))?.inventory.tables).toEqual(before.tables)
            for (const { what, problem } of (await place?.check?.()) ?? []) expect(problem, what).toBeNull()
            if (place?.ask !== undefined) {
              expect(await place.ask('SELECT 6 * 7')).toBe('42')
              await expect(place.ask('SELECT nothing FROM nowhere')).rejects.toMatchObject({
                code: 'SOURCE_QUERY_FAILED',
              })
            }
          } finally {
            await place?.close()
            await server.stop()
            await rm(join(scratch, 'restored'), { recursive: true, force: true })
          }
          expect(await driver.inspect(settings, context()), 'the source is as it was').toEqual(before)
        })

      test('may be opened twice, one after the other', async () => {
        const settings = driver.settings.parse(await fixture.filled(dir))
        for (const name of ['first', 'second']) await saveCopy(await driver.open(settings, context()), join(dir, name))
      })

      test('rejects with a code when the source is not there', async () => {
        const { settings: raw, code } = await fixture.gone(dir)
        const settings = driver.settings.parse(raw)
        await expect(driver.probe(settings, context())).rejects.toMatchObject({ code })
        await expect(driver.open(settings, context())).rejects.toMatchObject({ code })
        await expect(driver.inspect(settings, context())).rejects.toMatchObject({ code })
      })

      test('refuses settings that it does not know', async () => {
        expect(driver.settings.safeParse({ ...(await fixture.filled(dir)), surprise: true }).success).toBe(false)
        expect(driver.settings.safeParse({}).success).toBe(false)
      })

      test('refuses to restore from a folder that holds nothing of it', async () => {
        const raw = await fixture.filled(dir)
        const place = await fixture.elsewhere(raw, join(dir, 'else where'))
        const nothing = join(dir, 'nothing')
        await mkdir(nothing)
        const restoring = driver.restore(driver.settings.parse(place.settings), nothing, context(), place.target)
        await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
      })

      test('does not begin when it is cancelled already', async () => {
        const settings = driver.settings.parse(await fixture.filled(dir))
        const signal = AbortSignal.abort(new Error('cancelled by a test'))
        await expect(driver.open(settings, context({ signal }))).rejects.toThrow('cancelled by a test')
      })

      if (fixture.big !== null)
        test('stops and cleans up when it is cancelled in mid-copy', async () => {
          const settings = driver.settings.parse(await fixture.big?.(dir))
          const cancel = new AbortController()
          const copying = startCopying(settings, cancel)
          await untilBusy(copying)
          cancel.abort(new Error('cancelled by a test'))
          await expect(copying.done).rejects.toThrow('cancelled by a test')
          await copying.close()
        })

      testFaults({
        driver,
        faults: fixture.faults,
        filled: fixture.filled,
        big: fixture.big,
        dir: () => dir,
        context,
        childrenBefore: () => childrenBefore,
        acceptChildren: async () => {
          childrenBefore = await childrenOfOurs()
        },
        roundTrip,
      })

      /** Opens and, for a stream, writes to a reader that stalls after some kilobytes until it is resumed. */
      function startCopying(settings: unknown, cancel: AbortController): CopyUnderTest {
        const opened = driver.open(settings, context({ signal: cancel.signal }))
        return stalledReader(opened, scratch, childrenBefore)
      }
    },
  )
}

/** The server that a verification has, when it is asked for. */
async function scratchServer(dir: string) {
  let server: BundledPostgres | undefined
  const start = async () => {
    server ??= await openBundledPostgres(dir)
    return server.url
  }
  return { start, stop: async () => server?.stop() }
}
