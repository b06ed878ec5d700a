import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StallWatch, watchForStall } from '#lib/backups/stall.ts'
import { backupPaths } from '#lib/restic/backup.ts'
import { checkRepository } from '#lib/restic/check.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { initRepository } from '#lib/restic/init.ts'
import { pruneRepository } from '#lib/restic/prune.ts'
import type { Limits } from '#lib/restic/repository.ts'
import { openRestic, type Restic } from '#lib/restic/restic.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { holdLock } from '#lib/restic/testing/lock-holder.ts'
import { listLocks, removeLocks } from '#lib/restic/unlock.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { startSlowLink } from '#lib/testing/slow-link.ts'
import { type SmallDisk, smallDiskMissing } from '#lib/testing/small-disk.ts'
import { accessFolder, checkPlace, openPlace, type Place } from './access.ts'
import type { RepositoryKindName } from './kinds.ts'
import { repositoryKind } from './registry.ts'
import { testPlace } from './test-place.ts'

type Raw = Record<string, unknown>

export interface FaultyServer {
  kill(): Promise<void>
  revive(): Promise<void>
  freeze(): Promise<void> | void
  thaw(): Promise<void> | void
}

export interface RepositorySubject {
  /** Why it cannot run here; null: it can. */
  missing: string | null
  /** Settings of a place where no repository is yet, another one at each call. */
  fresh(): Promise<Raw>
  /** What is wrong with these settings, and the code that says so. */
  wrong: Record<string, { change: (settings: Raw) => Raw | Promise<Raw>; code: string }>
  /** The server; null where there is none. */
  server: (() => FaultyServer) | null
  /** The death of the server outlasts the run, which then takes half a minute to end; one kind is enough to see it. */
  isLostForLong?: true
  /** The server keeps what it has: forget and prune are refused. */
  appendOnly?: true
  /** The port of the server, and the settings that reach it by another one. */
  link?: { port(): number; through(settings: Raw, port: number): Raw }
  /**
   * What its places lie on, and whether its protocol can say that it is full. Where it cannot, restic is refused again and
   * again, until the run is ended because nothing moves.
   */
  disk?: { get(): SmallDisk; saysWhenFull: boolean }
}

const password = new Secret('the repository’s own')
const NEVER = new AbortController().signal
/** So slow that whoever acts upon the first progress finds it in the middle. */
const SLOW: Limits = { uploadKibPerSecond: 1000 }
const ENDED = 'the run was ended'
const STALLED = 'nothing moved'

interface Saving {
  signal?: AbortSignal
  limits?: Limits
  onBytes?: (bytes: number) => void
}

/** The suite that every kind of repository passes against a real server on loopback. Kinds are tried at the same time. */
export function describeRepository(kind: RepositoryKindName, subject: RepositorySubject): void {
  const title = `A repository of the kind ${kind}${subject.appendOnly ? ', append-only,' : ''}`
  describe.skipIf(subject.missing)(title, { concurrent: true }, () => {
    // One after the other within a kind: they kill its server.
    describe('step by step', { concurrent: false, timeout: 120_000 }, () => trials(kind, subject))
  })
}

function trials(kind: RepositoryKindName, subject: RepositorySubject): void {
  let dir: string
  let restic: Restic
  let deps: { secretKey: never; config: { DATA_DIR: string } }
  let data: string
  /** One that every fault is tried upon, and the snapshots that are in it. */
  let settings: Raw
  let place: Place
  let kept: string[]

  beforeAll(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'repository-suite-')))
    data = join(dir, 'data to save')
    await mkdir(data)
    await writeFile(join(data, 'ü "1".txt'), 'first')
    restic = await openRestic({
      binary: process.env.RESTIC_BINARY,
      toolsDir: join(import.meta.dirname, '../../.tools/bin'),
      cacheDir: join(dir, 'cache'),
      retryLockSeconds: 5,
      stopGraceMs: 2000,
    })
    deps = { config: { DATA_DIR: join(dir, "it's a data folder") } } as typeof deps
    await mkdir(deps.config.DATA_DIR)
  }, 120_000)
  afterAll(async () => {
    expect(await readdir(accessFolder(deps.config)).catch(() => [])).toEqual([])
    await rm(dir, { recursive: true, force: true })
  })

  const placeOf = (settings: Raw): Place => checkPlace(kind, settings)
  const open = (at: Place, limits?: Limits) => openPlace(deps, at, password, limits)
  const save = async (at: Place, { signal = NEVER, limits, onBytes }: Saving = {}) => {
    await using access = await open(at, limits)
    return await backupPaths(restic, access, {
      host: 'suite',
      tags: ['suite'],
      compressionLevel: 5,
      signal,
      include: [data],
      exclude: [],
      oneFileSystem: true,
      onStarted() {},
      onProgress: ({ bytesDone }) => bytesDone && onBytes?.(bytesDone),
      onLog() {},
    })
  }
  const addMuch = (bytes: number) => writeFile(join(data, 'much'), randomBytes(bytes))
  const idsIn = async (at: Place) => {
    await using access = await open(at)
    return (await listSnapshots(restic, access)).map(({ id }) => id)
  }
  const expectRestored = async (at: Place, snapshotId: string, name: string, content: string | Buffer) => {
    await using access = await open(at)
    const target = await mkdtemp(join(dir, 'restored-'))
    await restoreSnapshot(restic, access, { snapshotId, target, signal: NEVER })
    expect((await readFile(join(target, data, name))).equals(Buffer.from(content))).toBe(true)
  }

  test('tells one that can be made from one that is there, opens or not', async () => {
    settings = await subject.fresh()
    place = placeOf(settings)
    expect(await testPlace(deps, restic, place, null)).toBe('absent')
    {
      await using access = await open(place)
      await initRepository(restic, access)
      await expect(initRepository(restic, access)).rejects.toMatchObject({ code: 'REPOSITORY_EXISTS' })
    }
    expect(await testPlace(deps, restic, place, null)).toBe('exists')
    expect(await testPlace(deps, restic, place, password)).toBe('opens')
    await expect(testPlace(deps, restic, place, new Secret('another'))).rejects.toMatchObject({
      code: 'REPOSITORY_WRONG_PASSWORD',
    })
  })

  test('gives back what was saved, twice, and is whole after forget and prune', async () => {
    const { snapshotId: first } = await save(place)
    await expectRestored(place, first, 'ü "1".txt', 'first')
    const bytes = randomBytes(300_000)
    await writeFile(join(data, 'second'), bytes)
    const { snapshotId: second } = await save(place)
    kept = subject.appendOnly ? [first, second] : [second]

    await using access = await open(place)
    if (subject.appendOnly) {
      await expect(forgetSnapshots(restic, access, [first])).rejects.toThrow()
    } else {
      await forgetSnapshots(restic, access, [first])
      await pruneRepository(restic, access, { signal: NEVER })
      const check = await checkRepository(restic, access, { readData: 'all', signal: NEVER })
      expect(check).toMatchObject({ sound: true, problems: [] })
    }
    expect(await idsIn(place)).toEqual(kept)
    await expectRestored(place, second, 'second', bytes)
  })

  if (repositoryKind(kind).removeLock)
    test('loses the lock that is to be removed, and no other', async () => {
      await using access = await open(place)
      const holders = [await holdLock(restic, access), await holdLock(restic, access)]
      for (const holder of holders) await holder.kill()
      const locks = await listLocks(restic, access)
      expect(locks.map(({ pid }) => pid).sort()).toEqual(holders.map(({ pid }) => pid).sort())
      const [wanted, other] = locks
      expect(await removeLocks(restic, access, locks, locks.slice(0, 1))).toEqual([wanted])
      expect(await listLocks(restic, access)).toEqual([other])
      for (const { id } of locks) await access.removeLock?.(id) // the first is gone already
      expect(await listLocks(restic, access)).toEqual([])
    })

  for (const [title, { change, code }] of Object.entries(subject.wrong))
    test(`says what is wrong: ${title}`, async () => {
      const wrong = placeOf(await change(await subject.fresh()))
      await expect(testPlace(deps, restic, wrong, null)).rejects.toMatchObject({ code })
    })

  const { server, link, disk } = subject

  /** After a fault: nothing half was added, what was there comes back, and the next backup succeeds. */
  const expectUnharmed = async () => {
    expect(await idsIn(place)).toEqual(kept)
    kept.push((await save(place)).snapshotId)
    for (const id of [kept[0], kept.at(-1)]) await expectRestored(place, id as string, 'ü "1".txt', 'first')
    await rm(join(data, 'much'))
  }

  /** Ends it as a run is ended, but counts only from the first progress on. */
  const saveUnlessStalled = async (at: Place, stallMs: number) => {
    const stop = new AbortController()
    let stall: StallWatch | undefined
    const onBytes = (bytes: number) => {
      stall ??= watchForStall(stallMs, () => stop.abort(new Error(STALLED)))
      stall.moved('bytes saved', bytes)
    }
    try {
      return await save(at, { signal: stop.signal, onBytes })
    } finally {
      stall?.stop()
    }
  }

  if (disk)
    test.skipIf(smallDiskMissing)(
      'keeps what it has when its disk is full, and goes on when there is space',
      async () => {
        await addMuch(6_000_000)
        await disk.get().fill(2_000_000)
        const problem = disk.saysWhenFull ? { code: 'REPOSITORY_FULL' } : { message: STALLED }
        const stallMs = disk.saysWhenFull ? 60_000 : 4000
        await expect(saveUnlessStalled(place, stallMs)).rejects.toMatchObject(problem)
        await disk.get().empty()
        await expectUnharmed()
      },
    )

  if (link)
    test('takes a backup over a slow link, which is not taken for one that stands still', async () => {
      await addMuch(250_000)
      const slow = await startSlowLink(link.port(), 50_000)
      try {
        const through = placeOf(link.through(settings, slow.port))
        kept.push((await saveUnlessStalled(through, 20_000)).snapshotId)
      } finally {
        await slow.stop()
      }
      expect(slow.sent()).toBeGreaterThan(250_000)
      await expectUnharmed()
    })

  if (server === null) return

  test('says that a server that stands still does not answer', async () => {
    await server().freeze()
    try {
      await expect(testPlace(deps, restic, place, password)).rejects.toMatchObject({ code: 'REPOSITORY_UNREACHABLE' })
    } finally {
      await server().thaw()
    }
    expect(await testPlace(deps, restic, place, password)).toBe('opens')
  })

  test('survives the death of its server in the middle of a backup', async () => {
    await addMuch(8_000_000)
    const stop = new AbortController()
    const halted = Promise.withResolvers<void>()
    let isKilled = false
    const onBytes = () => {
      if (isKilled) return
      isKilled = true
      void server().kill().then(halted.resolve, halted.reject)
    }
    const saving = save(place, { signal: stop.signal, limits: SLOW, onBytes })
    saving.catch(() => {})
    await halted.promise
    // restic would try for 15 minutes; a run is ended when nothing moves.
    stop.abort(new Error(ENDED))
    if (subject.isLostForLong) await expect(saving).rejects.toThrow(ENDED)
    await server().revive()
    await expect(saving).rejects.toThrow(ENDED)
    await expectUnharmed()
  })
}
