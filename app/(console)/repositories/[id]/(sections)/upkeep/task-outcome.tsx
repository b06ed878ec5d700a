import type { RepositoryTaskItem } from '#app/_data/repositories.ts'
import { count } from '#app/_ui/format.ts'
import { FoundMark, StateMark, stateLooks } from '#app/_ui/state.tsx'

/** Of a CHECK that was made. */
interface Findings {
  sound: boolean
  problems: string[]
  brokenPacks: string[]
  share: { number: number; of: number } | null
}

const SHOWN_PROBLEMS = 20

/** What a check found; null of other tasks, and of checks that were not made. */
export function findingsOf({ kind, state, result }: RepositoryTaskItem): Findings | null {
  return kind === 'CHECK' && state === 'SUCCEEDED' ? (result as Findings) : null
}

/** A check that was made and found damage must not look like a success. */
export function taskWord(task: RepositoryTaskItem): string {
  const findings = findingsOf(task)
  return findings && !findings.sound ? 'Damage found' : stateLooks[task.state].word
}

export function TaskMark({ task }: { task: RepositoryTaskItem }) {
  const findings = findingsOf(task)
  return findings && !findings.sound ? <FoundMark word={taskWord(task)} /> : <StateMark state={task.state} />
}

export function TaskOutcome({ task }: { task: RepositoryTaskItem }) {
  if (task.kind === 'PASSWORD' && task.state === 'SUCCEEDED') return <PasswordOutcome result={task.result} />
  const findings = findingsOf(task)
  if (!findings) return null
  const { sound, share, problems } = findings
  const read =
    share === null
      ? 'The structure alone was checked, no data was read.'
      : share.of === 1
        ? 'The structure was checked and all data was read.'
        : `The structure was checked and share ${share.number} of ${share.of} of the data was read.`
  if (sound) return <p className="text-small">Nothing is wrong. {read}</p>
  const shown = problems.slice(0, SHOWN_PROBLEMS)
  return (
    <div className="text-small">
      <p>{read} In restic’s words:</p>
      <ul className="mt-1 list-disc ps-5 font-mono text-label">
        {shown.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
      {problems.length > shown.length ? <p>And {count(problems.length - shown.length)} more.</p> : null}
    </div>
  )
}

function PasswordOutcome({ result }: { result: unknown }) {
  const { warning } = result as { warning: { message: string; remedy: string } | null }
  return (
    <p className="text-small">
      {warning === null ? 'Take the new recovery kit.' : `${warning.message} ${warning.remedy}`}
    </p>
  )
}
