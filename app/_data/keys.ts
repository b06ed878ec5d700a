import type { BackupsQueryVariables, RepositorySnapshotsQueryVariables } from '#graphql/documents/generated/graphql.ts'

/** The names under which answers are cached. */
export const keys = {
  viewer: ['viewer'],
  environments: ['environments'],
  environmentSettings: ['environments', 'settings'],
  sources: ['sources'],
  source: (id: string) => ['source', id],
  sourceKinds: ['source-kinds'],
  repositories: ['repositories'],
  repository: (id: string) => ['repository', id],
  repositorySettings: (id: string) => ['repository-settings', id],
  repositoryFigures: (id: string, newest: string) => ['repository-figures', id, newest],
  repositoryLocks: (id: string) => ['repository-locks', id],
  repositoryDamage: (id: string) => ['repository-damage', id],
  repositoryKinds: ['repository-kinds'],
  repositorySnapshots: (variables: RepositorySnapshotsQueryVariables) => ['repository-snapshots', variables],
  plans: ['plans'],
  plan: (id: string) => ['plans', id],
  schedulePreview: (schedule: string, timeZone: string) => ['schedule-preview', schedule, timeZone],
  allBackups: ['backups'],
  backups: (variables: BackupsQueryVariables) => ['backups', variables],
  backup: (id: string) => ['backup', id],
  backupLog: (id: string) => ['backup-log', id],
  notificationSettings: ['notification-settings'],
  deliveries: ['deliveries'],
} as const
