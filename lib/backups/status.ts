import { z } from 'zod'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'

const figure = (value: bigint | null) => (value === null ? null : Number(value))

/** State and figures of one backup, in the field names of the REST door. Throws BACKUP_UNKNOWN. Bytes are numbers. */
export async function backupStatus(prisma: Database, actor: Actor | null, id: string) {
  requireScope(actor, 'backup:read', 'read backups')
  const backup = z.uuid().safeParse(id).success
    ? await prisma.backup.findUnique({
        where: { id },
        include: { runs: { include: { source: true }, orderBy: [{ queuedAt: 'asc' }, { id: 'asc' }] } },
      })
    : null
  if (!backup) throw new CodedError('BACKUP_UNKNOWN', { id })
  return {
    backup_id: backup.id,
    type: backup.type.toLowerCase(),
    state: backup.state,
    environments: backup.environments,
    description: backup.description,
    created_at: backup.createdAt,
    started_at: backup.startedAt,
    finished_at: backup.finishedAt,
    runs: backup.runs.map((run) => ({
      run_id: run.id,
      source: run.source.name,
      state: run.state,
      attempt: run.attempt,
      bytes_done: figure(run.bytesDone),
      bytes_total: figure(run.bytesTotal),
      files_done: figure(run.filesDone),
      files_total: figure(run.filesTotal),
      added_bytes: figure(run.addedBytes),
      stored_bytes: figure(run.storedBytes),
      snapshot_id: run.snapshotId,
      error: run.errorCode && { code: run.errorCode, message: run.errorMessage, remedy: run.errorRemedy },
    })),
  }
}
