import { readFile } from 'node:fs/promises'

/** A process and all below it, parents first (Linux). */
export async function processTree(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const below = await Promise.all(text.split(' ').filter(Boolean).map(Number).map(processTree))
  return [pid, ...below.flat()]
}

/** Sends a signal to a process and all below it; those that have ended meanwhile do not count. */
export async function signalTree(pid: number, signal: NodeJS.Signals): Promise<void> {
  for (const one of await processTree(pid)) {
    try {
      process.kill(one, signal)
    } catch {}
  }
}
