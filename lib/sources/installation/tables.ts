/** What a backup of the installation holds: what is configured, and what happened. */
export const savedTables = [
  '_prisma_migrations',
  'settings',
  'users',
  'api_tokens',
  'repositories',
  'repository_figures',
  'environments',
  'sources',
  'plans',
  'backups',
  'backup_runs',
  'backup_events',
  'backup_hooks',
  'plan_events',
  'repository_tasks',
  'restores',
  'restore_events',
  'verification_evidence',
  'retention_holds',
  'audit_events',
  'channels',
  'notifications',
  'deliveries',
  'log_rules',
] as const

/** Tables that say what goes on in this moment, and nothing that another installation could use. */
export const momentaryTables = [
  'workers', // who is alive
  'restic_processes', // whose a lock is
  'rate_hits', // how often somebody asked within a minute
] as const
