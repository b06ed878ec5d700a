import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { childrenOfOurs, saveCopy, stalledReader, untilBusy } from './conformance-copy.ts'
import type { DriverContext, SourceDriver } from './driver.ts'

type Raw = Record<string, unknown>
type Make = (dir: string) => Promise<Raw>

/** The faults that a driver must survive, each provoked on a real server. Null says that the kind cannot have it. */
export interface SourceFaults {
  /** Nothing listens there. */
  unreachable: Make | null
  /** A wrong password. */
  denied: Make | null
  /** One table or object is closed to the account; `names` must all be in the message. */
  withoutRights: ((dir: string) => Promise<{ settings: Raw; names: string[] }>) | null
  /** Encryption is demanded of a server that has none, or whose certificate is another's. */
  tlsMismatch: Make | null
  /** The driver needs a program: without one it says so. */
  needsTool: boolean
  /** A folder with a program that is too old for the server. */
  oldTool: ((dir: string) => Promise<string>) | null
  /** A program makes the copy while `big` is saved: it is killed. */
  killsDump: boolean
  /** The copy of `big` goes through the scratch folder: its disk is full. */
  fillsScratch: boolean
  /** Kills the server behind `big`, and brings it back. */
  crash: { kill(): Promise<void>; revive(): Promise<void> } | null
  /** Freezes the server behind `big` (SIGSTOP), and lets it go on. */
  freeze: { stop(): Promise<void>; go(): Promise<void> } | null
  /** A source that holds something and whose own name (database, folder, key …) is this. */
  named: ((dir: string, name: string) => Promise<Raw>) | null
}

/** Names that a shell, an option parser, a URL or a connection string would read as something else. */
export const hostileNames = [
  '--option',
  '-rf',
  'o\'ne "two"',
  '$(touch pwned)',
  '`touch pwned`',
  'a;b|c&d',
  'per%20cent %s',
  'back\\slash',
  'a=b host=evil',
  'Größe ☂ 数据',
  'n'.repeat(63),
  `${'ü'.repeat(31)}x`, // 63 bytes
]

export interface FaultsUnderTest {
  driver: SourceDriver
  faults: SourceFaults
  filled: Make
  big: Make | null
  dir(): string
  context(more?: Partial<DriverContext>): DriverContext
  childrenBefore(): Set<number>
  /** The children of now are the ones to be expected at the end. */
  acceptChildren(): Promise<void>
  /** Saves, restores elsewhere and compares. */
  roundTrip(raw: Raw): Promise<unknown>
}

/** The faults of one driver. After each, the next run must work; the suite itself sees to it that nothing is left behind. */
export function testFaults(t: FaultsUnderTest): void {
  const { driver, faults } = t
  const parse = (raw: Raw) => driver.settings.parse(raw)
  const works = async () =>
    saveCopy(await driver.open(parse(await t.filled(t.dir())), t.context()), join(t.dir(), 'next'))
  const refuses = async (raw: Raw, code: string, context?: Partial<DriverContext>) => {
    await expect(driver.probe(parse(raw), t.context(context))).rejects.toMatchObject({ code })
    await expect(opened(raw, context)).rejects.toMatchObject({ code })
  }
  /** A refusal may also come while a stream is written. */
  const opened = async (raw: Raw, context?: Partial<DriverContext>) =>
    saveCopy(await driver.open(parse(raw), t.context(context)), join(t.dir(), 'refused'))
  const start = async (signal = new AbortController().signal, context: Partial<DriverContext> = {}) => {
    const settings = parse((await t.big?.(t.dir())) ?? {})
    const ctx = t.context({ signal, ...context })
    return stalledReader(driver.open(settings, ctx), ctx.scratch, t.childrenBefore())
  }
  const errorOf = (promise: Promise<unknown>) =>
    promise.then(
      () => null,
      (error: unknown) => error as { code?: string; message: string },
    )

  const { unreachable, denied, withoutRights, tlsMismatch, oldTool, crash, freeze, named } = faults
  if (unreachable)
    test('says that nothing answers', async () => {
      await refuses(await unreachable(t.dir()), 'SOURCE_UNREACHABLE')
      await works()
    })

  if (denied)
    test('says that the password is wrong', async () => {
      await refuses(await denied(t.dir()), 'SOURCE_ACCESS_DENIED')
      await works()
    })

  if (withoutRights)
    test('names what the account may not read', async () => {
      const { settings, names } = await withoutRights(t.dir())
      for (const attempt of [() => driver.probe(parse(settings), t.context()), () => opened(settings)]) {
        const error = await errorOf(attempt())
        expect(error?.code).toBe('SOURCE_RIGHTS_MISSING')
        for (const name of names) expect(error?.message).toContain(name)
      }
      await works()
    })

  if (tlsMismatch)
    test('says that encryption did not come about', async () => {
      await refuses(await tlsMismatch(t.dir()), 'SOURCE_TLS_FAILED')
      await works()
    })

  if (faults.needsTool)
    test('says which program is missing and how to install it', async () => {
      await refuses(await t.filled(t.dir()), 'SOURCE_TOOL_MISSING', { toolPath: [], systemToolPath: [] })
      await works()
    })

  if (oldTool)
    test('says that the program is too old and what to install', async () => {
      const toolPath = [await oldTool(t.dir())]
      await refuses(await t.filled(t.dir()), 'SOURCE_TOOL_TOO_OLD', { toolPath, systemToolPath: [] })
      await works()
    })

  if (faults.killsDump)
    test('rejects when the program that makes the copy is killed', async () => {
      const copying = await start()
      await untilBusy(copying)
      const ours = [...(await childrenOfOurs())].filter((pid) => !t.childrenBefore().has(pid))
      expect(ours.length, 'programs to kill').toBeGreaterThan(0)
      for (const pid of ours) process.kill(pid, 'SIGKILL')
      copying.resume()
      expect((await errorOf(copying.done))?.code).toBe('SOURCE_DUMP_FAILED')
      await copying.close()
      await works()
    })

  if (faults.fillsScratch)
    test.skipIf(process.getuid?.() !== 0 && process.env.CI !== 'true')(
      'says that the disk of the scratch folder is full',
      async () => {
        const small = await mkdtemp(join(tmpdir(), 'small-'))
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', small])
        try {
          const scratch = join(small, 'scratch')
          await mkdir(scratch)
          const settings = parse((await t.big?.(t.dir())) ?? {})
          expect((await errorOf(driver.open(settings, t.context({ scratch }))))?.code).toBe('SCRATCH_FULL')
          expect(await readdir(scratch)).toEqual([])
        } finally {
          execFileSync('umount', [small])
          await rm(small, { recursive: true })
        }
        await works()
      },
    )

  if (crash)
    test('rejects when the server dies in mid-copy', async () => {
      const copying = await start()
      await untilBusy(copying)
      await crash.kill()
      await t.acceptChildren()
      try {
        copying.resume()
        expect(['SOURCE_DUMP_FAILED', 'SOURCE_UNREACHABLE']).toContain((await errorOf(copying.done))?.code)
        await copying.close()
      } finally {
        await crash.revive()
        await t.acceptChildren()
      }
      await works()
    })

  if (freeze)
    test('ends at once when a frozen server is given up', async () => {
      const deadline = new AbortController()
      const copying = await start(deadline.signal)
      await untilBusy(copying)
      await freeze.stop()
      try {
        copying.resume()
        await sleep(300) // what was on its way has come
        expect(copying.isSettled).toBe(false)
        deadline.abort(new Error('the deadline of a test'))
        await expect(copying.done).rejects.toThrow('the deadline of a test')
        await copying.close()
      } finally {
        await freeze.go()
      }
      await works()
    })

  test('leaves nothing behind whenever it is cancelled', async () => {
    let cancelled = 0
    const raw = await (t.big ?? t.filled)(t.dir())
    for (const afterMs of [0, 1, 3, 10, 30, 60, 120, 250]) {
      const cancel = new AbortController()
      const scratchBefore = t.context().scratch
      const copying = stalledReader(
        driver.open(parse(raw), t.context({ signal: cancel.signal })),
        scratchBefore,
        t.childrenBefore(),
      )
      await sleep(afterMs)
      cancel.abort(new Error('cancelled by a test'))
      copying.resume()
      const error = await errorOf(copying.done)
      if (error !== null) {
        expect(error.message).toBe('cancelled by a test')
        cancelled += 1
      }
      await copying.close()
      expect(await readdir(scratchBefore)).toEqual([])
    }
    if (t.big) expect(cancelled).toBeGreaterThan(0)
    await works()
  })

  test('may make two copies at once', async () => {
    const settings = parse(await t.filled(t.dir()))
    const second = await mkdtemp(join(tmpdir(), 'scratch-'))
    const secondKept = await mkdtemp(join(tmpdir(), 'kept-'))
    try {
      const copies = await Promise.all([
        driver.open(settings, t.context()),
        driver.open(settings, t.context({ scratch: second, kept: join(secondKept, 'kept') })),
      ])
      await Promise.all(copies.map((copy, i) => saveCopy(copy, join(t.dir(), `copy ${i}`))))
      expect(await readdir(second)).toEqual([])
    } finally {
      for (const folder of [second, secondKept]) await rm(folder, { recursive: true, force: true })
    }
  })

  if (named)
    test.each(hostileNames)('takes %j as a name and nothing else', async (name) => {
      await t.roundTrip(await named(t.dir(), name))
      expect(await readdir(process.cwd())).not.toContain('pwned')
    })
}
