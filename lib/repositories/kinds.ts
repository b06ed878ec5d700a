/** The places that backups can go to. A new one starts here and in registry.ts. */
export const repositoryKinds = ['local', 'sftp', 's3', 'rest', 'azure', 'gs', 'b2', 'rclone'] as const

export type RepositoryKindName = (typeof repositoryKinds)[number]
