import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backupPaths } from '#lib/restic/backup.ts'
import { checkRepository } from '#lib/restic/check.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { initRepository } from '#lib/restic/init.ts'
import { pruneRepository } from '#lib/restic/prune.ts'
import { openRestic, type Restic } from '#lib/restic/restic.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import type { LockOwner } from '#lib/restic/unlock.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { accessFolder, checkPlace, openPlace, type Place } from './access.ts'
import type { RepositoryKindName } from './kinds.ts'
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
}

const password = new Secret('the repository’s own')
const NEVER = new AbortController().signal

/** The suite that every kind of repository passes against a real server on loopback. */
export function describeRepository(kind: RepositoryKindName, subject: RepositorySubject): void {
  describe.skipIf(subject.missing)(
    `A repository of the kind ${kind}${subject.appendOnly ? ', append-only,' : ''}`,
    () => {
      let dir: string
      let restic: Restic
      let deps: { secretKey: never; config: { DATA_DIR: string } }
      let data: string
      let started: LockOwner[]

      beforeEach(async () => {
        started = []
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
      })
      afterEach(async () => {
        expect(await readdir(accessFolder(deps.config)).catch(() => [])).toEqual([])
        await rm(dir, { recursive: true, force: true })
      })

      const placeOf = (settings: Raw): Place => checkPlace(kind, settings)
      const open = (place: Place) => openPlace(deps, place, password)
      const save = async (place: Place, signal = NEVER, onBytes = () => {}) => {
        await using access = await open(place)
        return await backupPaths(restic, access, {
          host: 'suite',
          tags: ['suite'],
          compressionLevel: 5,
          signal,
          include: [data],
          exclude: [],
          oneFileSystem: true,
          onStarted: ({ pid }) => started.push({ host: hostname(), pid }),
          onProgress: (progress) => {
            if (progress.bytesDone) onBytes()
          },
          onLog() {},
        })
      }
      const made = async (): Promise<Place> => {
        const place = placeOf(await subject.fresh())
        await using access = await open(place)
        await initRepository(restic, access)
        return place
      }
      const expectRestored = async (place: Place, snapshotId: string, name: string, content: string | Buffer) => {
        await using access = await open(place)
        const target = await mkdtemp(join(dir, 'restored-'))
        await restoreSnapshot(restic, access, { snapshotId, target, signal: NEVER })
        expect((await readFile(join(target, data, name))).equals(Buffer.from(content))).toBe(true)
      }

      test('tells one that can be made from one that is there, opens or not', async () => {
        const place = placeOf(await subject.fresh())
        expect(await testPlace(deps, restic, place, null)).toBe('absent')
        expect(await testPlace(deps, restic, place, password)).toBe('absent')
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
        const place = await made()
        const first = await save(place)
        const bytes = randomBytes(300_000)
        await writeFile(join(data, 'second'), bytes)
        const second = await save(place)
        await expectRestored(place, first.snapshotId, 'ü "1".txt', 'first')
        await expectRestored(place, second.snapshotId, 'second', bytes)

        await using access = await open(place)
        if (subject.appendOnly) {
          await expect(forgetSnapshots(restic, access, [first.snapshotId])).rejects.toThrow()
          expect((await listSnapshots(restic, access)).map((s) => s.id)).toEqual([first.snapshotId, second.snapshotId])
        } else {
          await forgetSnapshots(restic, access, [first.snapshotId])
          await pruneRepository(restic, access, { signal: NEVER })
          expect((await listSnapshots(restic, access)).map((s) => s.id)).toEqual([second.snapshotId])
          const check = await checkRepository(restic, access, { readData: 'all', signal: NEVER })
          expect(check).toMatchObject({ sound: true, problems: [] })
        }
        await expectRestored(place, second.snapshotId, 'second', bytes)
      })

      for (const [title, { change, code }] of Object.entries(subject.wrong))
        test(`says what is wrong: ${title}`, async () => {
          const place = placeOf(await change(await subject.fresh()))
          await expect(testPlace(deps, restic, place, null)).rejects.toMatchObject({ code })
        })

      const { server } = subject
      if (server === null) return

      test('says that a server that stands still does not answer', async () => {
        const place = await made()
        await server().freeze()
        try {
          await expect(testPlace(deps, restic, place, password)).rejects.toMatchObject({
            code: 'REPOSITORY_UNREACHABLE',
          })
        } finally {
          await server().thaw()
        }
        expect(await testPlace(deps, restic, place, password)).toBe('opens')
      })

      test('survives the death of its server in the middle of a backup', async () => {
        const place = await made()
        const before = await save(place)
        await writeFile(join(data, 'big'), randomBytes(60_000_000))
        const stop = new AbortController()
        const halted = Promise.withResolvers<void>()
        let isKilled = false
        const saving = save(place, stop.signal, () => {
          if (isKilled) return
          isKilled = true
          void server().kill().then(halted.resolve, halted.reject)
        })
        saving.catch(() => {})
        await halted.promise
        // restic would try for 15 minutes; a run is ended when nothing moves.
        stop.abort(new Error('the run was ended'))
        if (subject.isLostForLong) await expect(saving).rejects.toThrow('the run was ended')
        await server().revive()
        await expect(saving).rejects.toThrow('the run was ended')

        expect(await testPlace(deps, restic, place, password)).toBe('opens')
        const after = await save(place)
        await expectRestored(place, after.snapshotId, 'ü "1".txt', 'first')
        await using access = await open(place)
        expect((await listSnapshots(restic, access)).map((s) => s.id)).toEqual([before.snapshotId, after.snapshotId])
      }, 120_000)
    },
  )
}
