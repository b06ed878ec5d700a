import { CalendarClock } from 'lucide-react'
import Link from 'next/link'
import type { PlanDetail } from '#app/_data/plans.ts'
import { StateMark } from '#app/_ui/state.tsx'
import { WhenIn } from '#app/_ui/time.tsx'
import { Empty } from '#app/_ui/waiting.tsx'
import type { PlanEventKind } from '#graphql/documents/generated/graphql.ts'

const words: Record<PlanEventKind, string> = {
  STARTED: 'Started',
  MISSED: 'Missed',
  DEFERRED: 'Waits',
  PAUSED: 'Passed by: paused',
  REFUSED: 'Could not start',
}
const needsAttention: PlanEventKind[] = ['MISSED', 'REFUSED']

export function PlanEvents({ events, timeZone }: { events: PlanDetail['events']; timeZone: string }) {
  if (events.length === 0)
    return (
      <Empty Icon={CalendarClock} title="None of its times has come yet">
        Each is listed here with what became of it.
      </Empty>
    )
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Due</th>
          <th scope="col">What became of it</th>
          <th scope="col">Backup</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id}>
            <td className="lead">
              <WhenIn at={event.dueAt} timeZone={timeZone} />
            </td>
            <td data-label="What became of it">
              <div>
                <span className={needsAttention.includes(event.kind) ? 'font-medium text-warn' : ''}>
                  {words[event.kind]}
                </span>
                {event.message ? <span className="block text-small text-ink-soft">{event.message}</span> : null}
              </div>
            </td>
            <td data-label="Backup">
              {event.backup ? (
                <Link href={`/backups/${event.backup.id}`} className="underline-offset-2 hover:underline">
                  <StateMark state={event.backup.state} />
                </Link>
              ) : (
                '–'
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
