import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** What a piece of work cost, with all programs that it started and that have ended. */
export interface Cost {
  wallMs: number
  /** User and system time of this process and of the programs, their children included. */
  cpuMs: number
  /** Of the programs that ran at the same time: the sum of each one's greatest resident size, without this process. */
  peakBytes: number
}

/** The kernel's unit of process times, USER_HZ, is a hundredth of a second (proc(5)). */
const TICK_MS = 10
const SAMPLE_MS = 50

/**
 * Runs `work` and says what it cost. Linux only: times of ended programs are what the kernel adds to their parent when it
 * has waited for them (cutime and cstime of proc(5)), so `work` must resolve only after its programs have ended. Programs
 * that run already, such as the database server, and what they do, are not counted.
 */
export async function measure(work: () => Promise<unknown>): Promise<Cost> {
  const others = new Set(childrenOf(process.pid))
  let peakBytes = 0
  const look = () => {
    const started = childrenOf(process.pid).filter((pid) => !others.has(pid))
    peakBytes = Math.max(peakBytes, treeBytes(started))
  }
  const cpuBefore = cpuMs()
  const start = performance.now()
  const timer = setInterval(look, SAMPLE_MS)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return { wallMs: performance.now() - start, cpuMs: cpuMs() - cpuBefore, peakBytes }
}

function cpuMs(): number {
  // The name, in parentheses, may hold spaces.
  const fields = read('/proc/self/stat').split(') ')[1]?.split(' ') ?? []
  return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks) * TICK_MS, 0)
}

function treeBytes(pids: readonly number[]): number {
  let bytes = 0
  for (const pid of pids) {
    const peak = /VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))
    bytes += Number(peak?.[1] ?? 0) * 1024 + treeBytes(childrenOf(pid))
  }
  return bytes
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

/** Empty when the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
