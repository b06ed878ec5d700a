/** The drivers there are, and what each backs up. A new driver starts here and in registry.ts. */
export const sourceKinds = {
  sqlite: 'DATABASE',
  postgres: 'DATABASE',
  mysql: 'DATABASE',
  redis: 'DATABASE',
  command: 'DATABASE',
  'user-data': 'USER_DATA',
  files: 'STORAGE',
  s3: 'STORAGE',
  installation: 'DATABASE',
} as const

export type SourceKind = keyof typeof sourceKinds
export type SourceType = (typeof sourceKinds)[SourceKind]
