import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { runChild } from './child.ts'

/** The command line of a process of this machine, '' when there is none. From /proc, else from ps (macOS). */
export async function commandLineOf(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
  } catch {
    if (process.platform === 'linux') return ''
    const ps = await runChild({
      command: 'ps',
      args: ['-ww', '-o', 'args=', '-p', String(pid)],
      env: { PATH: '/usr/bin:/bin' },
    })
    return ps.code === 0 ? ps.stdout.join(' ').trim() : ''
  }
}

/**
 * Whether this process of this machine is there and has `argument` in its command line: another one may have been given the
 * number of one that is gone, and one that nobody has waited for has no command line any more.
 */
export async function runsWith(pid: number, argument: string): Promise<boolean> {
  return exists(pid) && (await commandLineOf(pid)).includes(argument)
}

/** Signal 0 asks only whether there is such a process; EPERM means that there is, of another user. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Ends a process that is not our child: SIGINT, SIGKILL after `graceMs`; resolves when it is gone. */
export async function terminate(pid: number, graceMs = 5000): Promise<void> {
  const deadline = performance.now() + graceMs
  for (let signal: NodeJS.Signals | 0 = 'SIGINT'; ; signal = performance.now() < deadline ? 0 : 'SIGKILL') {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    await sleep(50)
  }
}

/** The processes of this machine, but for our own, that have `argument` in their command lines. From /proc, else from ps (macOS). */
export async function processesWith(argument: string): Promise<number[]> {
  const others = (pid: number) => Number.isInteger(pid) && pid !== process.pid
  if (process.platform === 'linux') {
    const pids = (await readdir('/proc')).map(Number).filter(others)
    const lines = await Promise.all(pids.map(commandLineOf))
    return pids.filter((_, i) => lines[i]?.includes(argument))
  }
  const ps = await runChild({ command: 'ps', args: ['-axww', '-o', 'pid=,args='], env: { PATH: '/usr/bin:/bin' } })
  const found = ps.stdout.map((line) => /^ *(\d+) (.*)$/.exec(line)).filter((line) => line?.[2]?.includes(argument))
  return found.map((line) => Number(line?.[1])).filter(others)
}
