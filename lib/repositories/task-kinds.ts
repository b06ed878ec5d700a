import type { TaskKind } from '#prisma/client/enums.ts'

interface KindOfTask {
  /** As it follows “waits for:”. */
  readonly title: string
  /**
   * `alone`: restic takes the repository for itself. `beside`: backups go on meanwhile. `unlocked`: restic takes no lock, so
   * that nothing has to wait.
   */
  readonly use: 'alone' | 'beside' | 'unlocked'
}

/** What can be done with a repository besides saving into it. lib/maintenance does it. */
export const taskKinds: Readonly<Record<TaskKind, KindOfTask>> = {
  PRUNE: { title: 'prune', use: 'alone' },
  CHECK: { title: 'integrity check', use: 'alone' },
  STATISTICS: { title: 'statistics', use: 'unlocked' },
  COPY: { title: 'copy', use: 'beside' },
  PASSWORD: { title: 'change of password', use: 'alone' },
  REPAIR_KEYS: { title: 'repair of keys', use: 'alone' },
  REPAIR_INDEX: { title: 'repair of the index', use: 'alone' },
  REPAIR_PACKS: { title: 'repair of packs', use: 'alone' },
  REPAIR_SNAPSHOTS: { title: 'repair of snapshots', use: 'alone' },
}
