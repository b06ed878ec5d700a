import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from '#lib/process/child.ts'
import type { SourceCopy } from './driver.ts'
import { copyTree } from './files/tree.ts'

/** Does what restic does with a copy, and lays the folder out as its restore would. Closes the copy. */
export async function saveCopy(
  copy: SourceCopy,
  folder: string,
  beforeClose: () => Promise<void> = async () => {},
): Promise<void> {
  const { signal } = new AbortController()
  await mkdir(folder, { recursive: true })
  try {
    if (copy.shape === 'paths') {
      for (const path of copy.include) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await copyTree(Buffer.from(path), Buffer.from(join(folder, path)), signal)
      }
      await beforeClose()
      return
    }
    const file = createWriteStream(join(folder, copy.filename))
    await once(file, 'open')
    await copy.write(file, signal)
    file.end()
    await once(file, 'close')
    await beforeClose()
  } finally {
    await copy.close()
  }
}

export interface CopyUnderTest {
  /** Settles as the driver does: open and, for a stream, write. */
  done: Promise<void>
  /** True when data is on its way: files in the scratch folder, or the stream's reader is full. */
  isBusy(): Promise<boolean>
  /** Lets the reader of a stream go on. */
  resume(): void
  /** Closes the copy, if it came to one, and the reader. */
  close(): Promise<void>
  isSettled: boolean
}

/** Starts the copy; a stream goes into `cat`, whose own output nobody reads until `resume`. */
export function stalledReader(opened: Promise<SourceCopy>, scratch: string, before: Set<number>): CopyUnderTest {
  let copy: SourceCopy | undefined
  let cat: Child | undefined
  const work = async () => {
    copy = await opened
    if (copy.shape === 'paths') return
    cat = await startChild({ command: 'cat', args: [], env: { PATH: '/usr/bin:/bin' }, stdin: 'pipe', stdout: 'pipe' })
    before.add(cat.pid)
    if (cat.stdin) await copy.write(cat.stdin, new AbortController().signal)
  }
  const under: CopyUnderTest = {
    done: work(),
    isSettled: false,
    isBusy: async () => {
      const size = async (name: string) => (await stat(join(scratch, name)).catch(() => null))?.size ?? 0
      const sizes = await Promise.all((await readdir(scratch)).map(size))
      const dumping = cat !== undefined && [...(await childrenOfOurs())].some((pid) => !before.has(pid))
      return dumping || sizes.some((bytes) => bytes > 0)
    },
    resume: () => cat?.stdout?.resume(),
    close: async () => {
      await copy?.close()
      await cat?.stop()
    },
  }
  const settle = () => {
    under.isSettled = true
  }
  under.done.then(settle, settle)
  return under
}

/** Waits until the copy is going on. Fails when it ended first: a fault that never fires proves nothing. */
export async function untilBusy(copy: CopyUnderTest): Promise<void> {
  while (!(await copy.isBusy())) {
    if (copy.isSettled) throw new Error('the copy ended before the fault could fire')
    await sleep(2)
  }
}

/** Pids of this process's own children. Empty where there is no /proc. */
export async function childrenOfOurs(): Promise<Set<number>> {
  const tasks = await readdir('/proc/self/task').catch(() => [])
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8').catch(() => '')),
  )
  return new Set(lists.join(' ').split(/\s+/).filter(Boolean).map(Number))
}
