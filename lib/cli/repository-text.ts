import { columns, formatBytes, formatSeconds, printable } from './format.ts'
import type {
  Adopted,
  Damage,
  Figures,
  Lock,
  RepositoryDetail,
  RepositoryItem,
  RepositoryKind,
  Task,
} from './repository-documents.ts'

export function repositoryLines(repositories: RepositoryItem[]): string[] {
  if (repositories.length === 0) return ['There is no repository yet.']
  const rows = repositories.map((one) => [
    one.id,
    printable(one.name),
    one.kind,
    one.isDefault ? 'default' : '',
    one.health.state,
    one.newestSnapshot?.finishedAt ?? 'never',
    printable(one.location),
  ])
  return columns([['id', 'repository', 'kind', '', 'health', 'last saved', 'location'], ...rows])
}

export function repositoryText(repository: RepositoryDetail): string[] {
  return [
    ...repositoryLines([repository]),
    '',
    ...(repository.health.isWell ? [] : [printable(repository.health.sentence)]),
    ...(repository.kitNeeded ? [kitHint(repository)] : []),
    ...(repository.copyTo ? [copyLine(repository.copyTo.name, repository.missingCopies)] : []),
    ...valueLines('setting', repository.settings),
    ...valueLines('option', repository.options),
    repository.secretsSet.length === 0
      ? 'No secret of its place is stored.'
      : `Stored and never shown: ${repository.secretsSet.join(', ')}.`,
  ]
}

export const kitHint = ({ id }: { id: string }): string =>
  `Nobody has its recovery kit as it is now. Take it: backup-trigger repositories kit ${id} --out <file>`

const copyLine = (to: string, missing: number): string =>
  `Each snapshot is copied to ${printable(to)}; ${missing === 0 ? 'all are there' : `${missing} have no copy there`}.`

const valueLines = (word: string, values: Record<string, unknown>): string[] =>
  columns(
    Object.entries(values).map(([name, value]) => [
      word,
      printable(name),
      printable(typeof value === 'string' ? value : JSON.stringify(value)),
    ]),
  )

export const kindLines = (kinds: RepositoryKind[]): string[] =>
  columns([['kind', 'what'], ...kinds.map((one) => [one.kind, one.title])])

const placeStates: Record<string, string> = {
  OPENS: 'A repository is there, and the password opens it.',
  EXISTS: 'A repository is there; give its password to see whether it opens.',
  ABSENT: 'The place answers and no repository is there; it can be made.',
}

export const placeLines = ({ state, location }: { state: string; location: string }): string[] => [
  placeStates[state] ?? state,
  `  location  ${printable(location)}`,
]

export function taskLines(tasks: Task[]): string[] {
  if (tasks.length === 0) return ['Nothing was done with it yet, besides saving.']
  const rows = tasks.map((task) => [
    task.id,
    task.title,
    task.state,
    task.finishedAt ?? task.startedAt ?? task.queuedAt,
    printable(remark(task)),
  ])
  return columns([['id', 'task', 'state', 'since', ''], ...rows])
}

function remark(task: Task): string {
  if (task.error) return `${task.error.message} (${task.error.code}) ${task.error.remedy}`
  if (task.waitsFor) return `waits for: ${task.waitsFor}`
  const findings = findingsOf(task)
  return findings === null || findings.sound ? '' : `DAMAGED: ${findings.problems[0] ?? ''}`
}

/** What an integrity check found; null of other tasks and of checks that were not made. */
export function findingsOf({ kind, state, result }: Task): { sound: boolean; problems: string[] } | null {
  return kind === 'CHECK' && state === 'SUCCEEDED' ? (result as { sound: boolean; problems: string[] }) : null
}

/** All of one task, with what restic printed. */
export function taskText(task: Task): string[] {
  const findings = findingsOf(task)
  return [
    ...task.output.split('\n').filter(Boolean).map(printable),
    ...(findings ? [findings.sound ? 'Nothing is wrong.' : 'The repository is damaged:'] : []),
    ...(findings?.problems ?? []).map((problem) => `  ${printable(problem)}`),
    ...taskLines([task]),
  ]
}

export function figuresLines(figures: Figures | null): string[] {
  if (figures === null) return ['It was not counted yet: see “repositories count”.']
  const times = (ratio: number | null) => (ratio === null ? '–' : `${ratio.toFixed(1)} times smaller`)
  const free = figures.freeBytes === null ? 'cannot be known' : formatBytes(figures.freeBytes)
  return columns([
    ['counted', figures.at],
    ['snapshots', String(figures.snapshots)],
    ['stored', formatBytes(figures.storedBytes)],
    ['restored', `${formatBytes(figures.restoreBytes)}, all snapshots together`],
    ['deduplication', times(figures.deduplicationRatio)],
    ['compression', times(figures.compressionRatio)],
    ['free there', figures.totalBytes === null ? free : `${free} of ${formatBytes(figures.totalBytes)}`],
  ])
}

const holders: Record<Lock['holder'], string> = {
  OURS_ALIVE: 'this program, at work',
  OURS_DEAD: 'this program, died; it goes by itself',
  FOREIGN: 'another program',
}

export function lockLines(locks: Lock[]): string[] {
  if (locks.length === 0) return ['Nobody has it locked.']
  const rows = locks.map((lock) => [
    lock.id.slice(0, 8),
    holders[lock.holder],
    printable(lock.host),
    printable(lock.user),
    String(lock.pid),
    formatSeconds(lock.ageSeconds),
    lock.exclusive ? 'exclusive' : '',
  ])
  return columns([['lock', 'held by', 'host', 'user', 'pid', 'renewed before', ''], ...rows])
}

export function damageLines(damage: Damage | null): string[] {
  if (damage === null) return ['It is not known to be damaged.']
  const state = ({ isDone, isNext }: Damage['steps'][number]) => (isDone ? 'done' : isNext ? 'NEXT' : 'later')
  return [
    `Damaged, known since ${damage.since}:`,
    ...damage.problems.map((problem) => `  ${printable(problem)}`),
    damage.snapshots.length === 0
      ? 'No snapshot that is known of is touched.'
      : `Touched snapshots${damage.snapshotsInFull ? '' : ' (there may be more)'}:`,
    ...damage.snapshots.map(({ snapshotId, name }) => `  ${snapshotId.slice(0, 8)}  ${printable(name)}`),
    'The way out (“repair --next” takes the next step):',
    ...damage.steps.flatMap((step) => [
      `  ${state(step).padEnd(5)}  ${step.title}${step.sources.length > 0 ? `: ${step.sources.map(({ name }) => printable(name)).join(', ')}` : ''}`,
      `         ${step.why}`,
    ]),
  ]
}

export const adoptedLines = ({ snapshots, known, runs, sources }: Adopted): string[] => [
  `${snapshots} snapshots are there: ${known} were known, ${runs} are new in the history.`,
  ...(sources > 0
    ? [`${sources} sources came back, disabled until their settings are entered: see “sources list”.`]
    : []),
]
