import { hostname } from 'node:os'
import type { Database } from '#lib/database/database.ts'
import type { RepositoryAccess } from '#lib/restic/repository.ts'

/*
 * Every restic of ours that may lock a repository has a row from its start until it is sure to have left no lock: a lock says
 * only host and pid, so whose it is and whether it may be removed could not be told otherwise. What is killed, or loses its
 * repository, leaves its row for lib/maintenance/sweep-locks.ts.
 */

/** A repository's `noteProcess`. */
export function noteProcesses(prisma: Database, repositoryId: string): NonNullable<RepositoryAccess['noteProcess']> {
  return async (process) => {
    const { id } = await prisma.resticProcess.create({ data: { repositoryId, host: hostname(), ...process } })
    return async (mayLeaveLock) => {
      if (mayLeaveLock) await prisma.resticProcess.updateMany({ where: { id }, data: { ended: true } })
      else await prisma.resticProcess.deleteMany({ where: { id } })
    }
  }
}

/** For the owner of a data folder, at its start: no process of another host works for it any more. */
export async function endProcessesElsewhere(prisma: Database): Promise<void> {
  await prisma.resticProcess.updateMany({ where: { host: { not: hostname() } }, data: { ended: true } })
}
