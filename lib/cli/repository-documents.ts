/** The client's operations on repositories and the shapes they answer. */
import type { RunState } from './documents.ts'

export interface RepositoryItem {
  id: string
  name: string
  kind: string
  location: string
  isDefault: boolean
  newestSnapshot: { finishedAt: string | null } | null
  health: { state: string; isWell: boolean; sentence: string }
  kitNeeded: boolean
  copyTo: { name: string } | null
  missingCopies: number
}

export interface RepositoryDetail extends RepositoryItem {
  settings: Record<string, unknown>
  secretsSet: string[]
  options: Record<string, unknown>
}

export interface RepositoryKind {
  kind: string
  title: string
  form: Record<string, unknown>
  secretFields: string[]
}

export interface Task {
  id: string
  kind: string
  title: string
  state: RunState
  attempt: number
  result: unknown
  output: string
  requestedBy: string | null
  waitsFor: string | null
  queuedAt: string
  startedAt: string | null
  finishedAt: string | null
  error: { code: string; message: string; remedy: string } | null
}

export interface Figures {
  at: string
  snapshots: number
  restoreBytes: number
  uncompressedBytes: number
  storedBytes: number
  freeBytes: number | null
  totalBytes: number | null
  deduplicationRatio: number | null
  compressionRatio: number | null
}

export interface Lock {
  id: string
  host: string
  pid: number
  user: string
  time: string
  ageSeconds: number
  exclusive: boolean
  holder: 'OURS_ALIVE' | 'OURS_DEAD' | 'FOREIGN'
}

const fields = `id name kind location isDefault kitNeeded missingCopies newestSnapshot { finishedAt } copyTo { name }
  health { state isWell sentence }`
const taskFields = `id kind title state attempt result output requestedBy waitsFor queuedAt startedAt finishedAt
  error { code message remedy }`

/** A mutation that answers a result union, with what is wanted of its success. */
export const mutation = (name: string, argument: string, type: string, selection: string): string => {
  const success = `${name[0]?.toUpperCase()}${name.slice(1)}Success`
  return `mutation ($${argument}: ${type}!) { ${name}(${argument}: $${argument}) {
    __typename ... on ${success} { ${selection} } ... on Problem { code message remedy }
  } }`
}

export const repositoriesDocument = `{ repositories { ${fields} } }`
export const repositoryDocument = `query ($id: ID!) { repository(id: $id) { ${fields} settings secretsSet options } }`
export const kindsDocument = '{ repositoryKinds { kind title form secretFields } }'
export const optionsFormDocument = '{ repositoryOptionsForm }'
export const tasksDocument = `query ($id: ID!, $first: Int) {
  repository(id: $id) { tasks(first: $first) { ${taskFields} } }
}`

export const testDocument = mutation('testRepository', 'input', 'TestRepositoryInput', 'location state')
export const createDocument = mutation('createRepository', 'input', 'CreateRepositoryInput', `repository { ${fields} }`)
export const updateDocument = mutation('updateRepository', 'input', 'UpdateRepositoryInput', `repository { ${fields} }`)
export const defaultDocument = mutation('makeRepositoryDefault', 'id', 'ID', `repository { ${fields} }`)
export const removeDocument = mutation('removeRepository', 'id', 'ID', 'id')
export const kitDocument = mutation('recoveryKit', 'id', 'ID', 'filename text')
export const startTaskDocument = mutation(
  'startRepositoryTask',
  'input',
  'StartRepositoryTaskInput',
  `task { ${taskFields} }`,
)
export const cancelTaskDocument = mutation('cancelRepositoryTask', 'id', 'ID', `task { ${taskFields} }`)

export const figuresDocument = `query ($id: ID!) { repository(id: $id) { latestFigures {
  at snapshots restoreBytes uncompressedBytes storedBytes freeBytes totalBytes deduplicationRatio compressionRatio
} } }`

const lockFields = 'id host pid user time ageSeconds exclusive holder'
export const locksDocument = `query ($id: ID!) { repository(id: $id) { locks {
  __typename ... on RepositoryLocksSuccess { locks { ${lockFields} } } ... on Problem { code message remedy }
} } }`
export const removeLocksDocument = mutation(
  'removeRepositoryLocks',
  'input',
  'RemoveRepositoryLocksInput',
  `removed { ${lockFields} }`,
)

export interface RepairStep {
  kind: string
  title: string
  why: string
  options: Record<string, unknown>
  isDone: boolean
  isNext: boolean
  sources: { id: string; name: string }[]
}

export interface Damage {
  since: string
  problems: string[]
  snapshotsInFull: boolean
  snapshots: { snapshotId: string; name: string }[]
  steps: RepairStep[]
}

export const damageDocument = `query ($id: ID!) { repository(id: $id) { damage {
  since problems snapshotsInFull snapshots { snapshotId name }
  steps { kind title why options isDone isNext sources { id name } }
} } }`

export const passwordDocument = `mutation ($id: ID!, $password: String) {
  changeRepositoryPassword(id: $id, password: $password) {
    __typename ... on ChangeRepositoryPasswordSuccess { task { ${taskFields} } } ... on Problem { code message remedy }
  }
}`

export const copyTargetDocument = mutation(
  'setCopyTarget',
  'input',
  'SetCopyTargetInput',
  `sharesPieces repository { ${fields} }`,
)
export const copyMissingDocument = mutation('copyMissing', 'id', 'ID', 'queued left')

export interface Adopted {
  snapshots: number
  known: number
  foreign: number
  runs: number
  backups: number
  sources: number
  environments: number
}
export const adoptDocument = mutation(
  'adoptRepository',
  'id',
  'ID',
  'snapshots known foreign runs backups sources environments',
)
