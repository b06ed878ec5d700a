import { backupMessage } from '../messages.ts'
import type { RepositoryAccess, Restic } from '../repository.ts'
import { startRestic } from '../run.ts'

/** For tests: a restic that holds a lock, waiting for input that never comes. */
export interface LockHolder {
  pid: number
  /** SIGKILL: the lock stays. */
  kill(): Promise<void>
}

export async function holdLock(restic: Restic, access: RepositoryAccess): Promise<LockHolder> {
  let locked = () => {}
  const isLocked = new Promise<void>((resolve) => {
    locked = resolve
  })
  const { child, ended } = await startRestic(restic, access, {
    command: 'backup',
    args: ['--stdin'],
    schema: backupMessage,
    timeoutMs: 60_000,
    stdin: 'pipe',
    onMessage: locked, // its first status line comes after the lock
  })
  await Promise.race([isLocked, ended])
  const kill = async () => {
    process.kill(child.pid, 'SIGKILL')
    await ended
  }
  return { pid: child.pid, kill }
}
