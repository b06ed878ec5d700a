import type { SourceItem } from '#app/_data/sources.ts'
import type { BackupType, LogLevel, TriggerBackupInput } from '#graphql/documents/generated/graphql.ts'

export interface Choices {
  type: BackupType
  environments: string[]
  /** Empty means every enabled source that fits. */
  sourceIds: string[]
  databaseName: string
  storagePath: string
  description: string
  /** Null: as the settings say. */
  compressionLevel: number | null
  notification: string
  logVerbosity: string
  keepDays: string
  confirmed: boolean
}

export function firstChoices(environments: string[], asked: string | null): Choices {
  const only = environments.length === 1 ? environments : []
  return {
    type: 'FULL',
    environments: asked !== null && environments.includes(asked) ? [asked] : only,
    sourceIds: [],
    databaseName: '',
    storagePath: '',
    description: '',
    compressionLevel: null,
    notification: '',
    logVerbosity: '',
    keepDays: '',
    confirmed: false,
  }
}

/** The enabled sources that a backup of this type in these environments can take. */
export function fittingSources(sources: SourceItem[], { type, environments }: Choices): SourceItem[] {
  return sources.filter(
    (source) =>
      source.enabled && environments.includes(source.environment.name) && (type === 'FULL' || source.type === type),
  )
}

/** What is sent. Choices that do not fit any more (a source of another type, say) are left out. */
export function toInput(choices: Choices, sources: SourceItem[], idempotencyKey: string): TriggerBackupInput {
  const fitting = fittingSources(sources, choices).map((source) => source.id)
  const sourceIds = choices.type === 'FULL' ? [] : choices.sourceIds.filter((id) => fitting.includes(id))
  const databaseName = choices.type === 'DATABASE' ? choices.databaseName.trim() : ''
  const storagePath = choices.type === 'STORAGE' ? choices.storagePath.trim() : ''
  return {
    type: choices.type,
    environments: choices.environments,
    ...(sourceIds.length > 0 ? { sourceIds } : {}),
    ...(databaseName ? { databaseName } : {}),
    ...(storagePath ? { storagePath } : {}),
    ...(choices.description.trim() ? { description: choices.description.trim() } : {}),
    ...(choices.compressionLevel !== null ? { compressionLevel: choices.compressionLevel } : {}),
    ...(choices.notification ? { notificationEnabled: choices.notification === 'on' } : {}),
    ...(choices.logVerbosity ? { logVerbosity: choices.logVerbosity as LogLevel } : {}),
    ...(choices.keepDays.trim() ? { retentionDays: Number(choices.keepDays) } : {}),
    idempotencyKey,
  }
}
