import type { LockItem } from '#app/_data/repository-looks.ts'
import { duration, runName } from '#app/_ui/format.ts'
import type { RepositoryLockHolder } from '#graphql/documents/generated/graphql.ts'

const holders: Record<RepositoryLockHolder, string> = {
  OURS_ALIVE: 'This program, at work',
  OURS_DEAD: 'This program, died; it goes by itself',
  FOREIGN: 'Another program',
}

interface Props {
  locks: LockItem[]
  chosen: string[]
  /** Null: nothing can be chosen. */
  onChoose: ((ids: string[]) => void) | null
}

export function LockTable({ locks, chosen, onChoose }: Props) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Held by</th>
          <th scope="col">Machine</th>
          <th scope="col">User</th>
          <th scope="col" className="figure">
            Process
          </th>
          <th scope="col" className="figure">
            Renewed
          </th>
          <th scope="col">Keeps away</th>
        </tr>
      </thead>
      <tbody>
        {locks.map((lock) => (
          <tr key={lock.id}>
            <td className="lead">
              <Holder lock={lock} chosen={chosen} onChoose={onChoose} />
            </td>
            <td data-label="Machine">{lock.host}</td>
            <td data-label="User">{lock.user}</td>
            <td data-label="Process" className="figure">
              {lock.pid}
            </td>
            <td data-label="Renewed" className="figure">
              {duration(lock.ageSeconds)} ago
            </td>
            <td data-label="Keeps away">{lock.exclusive ? 'Everybody, backups too' : 'Prunes, checks and repairs'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Holder({ lock, chosen, onChoose }: Omit<Props, 'locks'> & { lock: LockItem }) {
  const work = lock.run ? `backup of ${runName(lock.run)}` : (lock.task?.title ?? null)
  const words = (
    <span>
      {holders[lock.holder]}
      {work ? <span className="block text-small font-normal text-ink-soft">{work}</span> : null}
    </span>
  )
  if (onChoose === null || lock.holder === 'OURS_ALIVE') return <div>{words}</div>
  return (
    <label className="flex items-start gap-2.5">
      <input
        type="checkbox"
        className="mt-0.5 size-4 shrink-0"
        checked={chosen.includes(lock.id)}
        onChange={(event) =>
          onChoose(event.target.checked ? [...chosen, lock.id] : chosen.filter((one) => one !== lock.id))
        }
      />
      {words}
    </label>
  )
}
