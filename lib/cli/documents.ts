/** The client's operations and the shapes they answer. */
export type RunState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'CANCELLED' | 'INTERRUPTED'

export interface Progress {
  bytesDone: number | null
  bytesTotal: number | null
  filesDone: number | null
  filesTotal: number | null
  bytesPerSecond: number | null
  secondsLeft: number | null
}

export interface Run {
  id: string
  state: RunState
  attempt: number
  /** While it is queued. */
  waitsFor: string | null
  /** Of a source with several parts: which one. */
  partName: string | null
  source: { name: string; environment: { name: string } }
  repository: { name: string; location: string }
  snapshotId: string | null
  progress: Progress
  addedBytes: number | null
  storedBytes: number | null
  error: { code: string; message: string; remedy: string } | null
}

export interface Backup {
  id: string
  type: string
  state: RunState
  description: string
  environments: string[]
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  lastSeq: number
  runs: Run[]
}

export interface BackupEvent {
  seq: number
  at: string
  kind: 'STATE' | 'PROGRESS' | 'LOG'
  runId: string | null
  state: RunState | null
  progress: Progress | null
  level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | null
  message: string | null
}

export interface Problem {
  __typename: 'Problem'
  code: string
  message: string
  remedy: string
}

const progressFields = 'bytesDone bytesTotal filesDone filesTotal bytesPerSecond secondsLeft'

const backupFields = `id type state description environments createdAt startedAt finishedAt lastSeq
  runs {
    id state attempt waitsFor partName snapshotId addedBytes storedBytes
    source { name environment { name } }
    repository { name location }
    progress { ${progressFields} }
    error { code message remedy }
  }`

const problemFields = '... on Problem { code message remedy }'

export const triggerDocument = `mutation Trigger($input: TriggerBackupInput!) {
  triggerBackup(input: $input) { __typename ... on TriggerBackupSuccess { backup { ${backupFields} } } ${problemFields} }
}`

export const cancelDocument = `mutation Cancel($id: ID!) {
  cancelBackup(id: $id) { __typename ... on CancelBackupSuccess { backup { ${backupFields} } } ${problemFields} }
}`

export const backupDocument = `query Backup($id: ID!) { backup(id: $id) { ${backupFields} } }`

export const statusDocument = `subscription Status($id: ID!, $after: Int) {
  backupStatus(backupId: $id, after: $after) {
    seq at kind runId state level message progress { ${progressFields} }
  }
}`

const ended: readonly RunState[] = ['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'INTERRUPTED']

/** Whether a backup in this state will not change any more. A backup, unlike a run, is never retried after its end. */
export function hasEnded(state: RunState): boolean {
  return ended.includes(state)
}
