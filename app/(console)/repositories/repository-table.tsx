import Link from 'next/link'
import type { RepositoryItem } from '#app/_data/repositories.ts'
import { bytes } from '#app/_ui/format.ts'
import { HealthMark, isAlarming } from '#app/_ui/state.tsx'
import { Tag } from '#app/_ui/tag.tsx'
import { Age, When } from '#app/_ui/time.tsx'

export function RepositoryTable({ repositories }: { repositories: RepositoryItem[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Repository</th>
          <th scope="col">Health</th>
          <th scope="col">Location</th>
          <th scope="col">Last saved there</th>
          <th scope="col" className="figure">
            Stored
          </th>
        </tr>
      </thead>
      <tbody>
        {repositories.map((repository) => (
          <tr key={repository.id}>
            <td className="lead">
              <div>
                <span className="inline-flex flex-wrap items-center gap-x-2.5">
                  <Link
                    href={`/repositories/${repository.id}`}
                    className="font-medium text-accent underline-offset-2 hover:underline"
                  >
                    {repository.name}
                  </Link>
                  {repository.isDefault ? <Tag>Default</Tag> : null}
                </span>
                <span className="block text-small font-normal text-ink-soft">{repository.kindTitle}</span>
                {repository.kitNeeded ? (
                  <span className="block text-small font-medium whitespace-nowrap text-warn">
                    Recovery kit not taken
                  </span>
                ) : null}
              </div>
            </td>
            <td data-label="Health">
              <div>
                <HealthMark state={repository.health.state} />
                {isAlarming(repository.health.state) ? (
                  <span className="block max-w-[40ch] text-small text-ink-soft">{repository.health.sentence}</span>
                ) : null}
              </div>
            </td>
            <td data-label="Location">
              <span className="font-mono text-small wrap-anywhere">{repository.location}</span>
            </td>
            <td data-label="Last saved">
              <LastSaved run={repository.newestSnapshot} />
            </td>
            <td data-label="Stored" className="figure">
              {bytes(repository.latestFigures?.storedBytes)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function LastSaved({ run }: { run: RepositoryItem['newestSnapshot'] }) {
  if (!run?.finishedAt) return <span className="text-ink-soft">Nothing yet</span>
  return (
    <div>
      <Link href={`/backups/${run.backup.id}`} className="text-accent underline-offset-2 hover:underline">
        <When at={run.finishedAt} />
      </Link>
      <span className="block text-small text-ink-soft">
        <Age at={run.finishedAt} />
      </span>
    </div>
  )
}
