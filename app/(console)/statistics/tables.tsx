import { CircleCheck, Gauge, HardDrive } from 'lucide-react'
import Link from 'next/link'
import type { StatisticsAnswer } from '#app/_data/statistics.ts'
import { bytes, count, duration } from '#app/_ui/format.ts'
import { Panel } from '#app/_ui/panel.tsx'
import { When } from '#app/_ui/time.tsx'
import { Empty } from '#app/_ui/waiting.tsx'

const link = 'font-medium text-accent underline-offset-2 hover:underline'

/** The same problem is one row, however often it came. */
export function Problems({ problems }: Pick<StatisticsAnswer, 'problems'>) {
  return (
    <Panel title="What went wrong" flush>
      {problems.length === 0 ? (
        <Empty Icon={CircleCheck} title="Nothing went wrong" />
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Problem</th>
              <th scope="col">Source</th>
              <th scope="col" className="figure">
                Times
              </th>
              <th scope="col">First</th>
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {problems.map((problem) => (
              <tr key={`${problem.source.id} ${problem.code}`}>
                <td className="lead">
                  <div>
                    <Link href={`/backups/${problem.backupId}`} className={link}>
                      {problem.code}
                    </Link>
                    <p className="mt-0.5 text-small font-normal text-ink-soft">
                      {problem.message} {problem.remedy}
                    </p>
                  </div>
                </td>
                <td data-label="Source">{problem.source.name}</td>
                <td data-label="Times" className="figure">
                  {count(problem.count)}
                </td>
                <td data-label="First">
                  <When at={problem.firstAt} />
                </td>
                <td data-label="Last">
                  <When at={problem.lastAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

const figures = {
  SECONDS: { words: 'Took', format: duration },
  READ_BYTES: { words: 'Read', format: bytes },
  STORED_BYTES: { words: 'New data stored', format: bytes },
  STORED_SHARE: { words: 'New of what was read', format: (share: number) => `${(100 * share).toFixed(1)} %` },
  BYTES_PER_SECOND: { words: 'Read each second', format: bytes },
  FAILURES: { words: 'Failed in the last seven days', format: count },
} as const

/** The newest good run of each source against its earlier ones. */
export function Unusual({ unusual }: Pick<StatisticsAnswer, 'unusual'>) {
  return (
    <Panel title="What is unusual" flush>
      {unusual.length === 0 ? (
        <Empty Icon={Gauge} title="They are as they always are">
          A source is compared once it has five earlier runs: with their median, and how far they lie from it.
        </Empty>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Figure</th>
              <th scope="col" className="figure">
                Now
              </th>
              <th scope="col" className="figure">
                Usual
              </th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {unusual.map((one) => {
              const { words, format } = figures[one.figure]
              return (
                <tr key={`${one.backupId} ${one.source.id} ${one.figure}`}>
                  <td className="lead">
                    <Link href={`/backups/${one.backupId}`} className={link}>
                      {one.source.name}
                    </Link>
                  </td>
                  <td data-label="Figure">{words}</td>
                  <td data-label="Now" className="figure">
                    {format(one.value)}
                  </td>
                  <td data-label="Usual" className="figure">
                    {format(one.median)} ({format(one.low)} to {format(one.high)})
                  </td>
                  <td data-label="When">
                    <When at={one.at} />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

const DISTANT_DAYS = 3650

/** How repositories grow, and when nothing is free any more. */
export function Growth({ growth }: Pick<StatisticsAnswer, 'growth'>) {
  return (
    <Panel title="How repositories grow" flush>
      {growth.length === 0 ? (
        <Empty Icon={HardDrive} title="No repository was counted in this time">
          Each is counted once a day.
        </Empty>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Repository</th>
              <th scope="col" className="figure">
                Stored
              </th>
              <th scope="col" className="figure">
                A day
              </th>
              <th scope="col" className="figure">
                Free
              </th>
              <th scope="col">Full</th>
            </tr>
          </thead>
          <tbody>
            {growth.map((one) => (
              <tr key={one.repository.id}>
                <td className="lead">
                  <Link href={`/repositories/${one.repository.id}`} className={link}>
                    {one.repository.name}
                  </Link>
                </td>
                <td data-label="Stored" className="figure">
                  {bytes(one.storedBytes)}
                </td>
                <td data-label="A day" className="figure">
                  {one.bytesPerDay === null ? '–' : signed(one.bytesPerDay)}
                </td>
                <td data-label="Free" className="figure">
                  {bytes(one.freeBytes)}
                </td>
                <td data-label="Full">{fullText(one.fullInDays)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

const signed = (value: number) => (value < 0 ? `−${bytes(-value)}` : `+${bytes(value)}`)

function fullText(days: number | null): string {
  if (days === null) return '–'
  return days > DISTANT_DAYS ? 'not in ten years' : `in ${count(Math.round(days))} days, if it goes on so`
}
