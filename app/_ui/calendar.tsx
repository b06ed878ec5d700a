import { CalendarX } from 'lucide-react'
import Link from 'next/link'
import type { RecentDaysAnswer } from '#app/_data/statistics.ts'
import { day as dayText } from '#app/_ui/format.ts'
import { Panel } from '#app/_ui/panel.tsx'
import { Empty } from '#app/_ui/waiting.tsx'

type Outcomes = RecentDaysAnswer['outcomes'][number]

interface Props {
  sources: readonly { id: string; name: string; environment: { name: string } }[]
  outcomes: Outcomes[]
  since: string
  days: number
}

const DAY_MS = 86_400_000
/** More columns than that are no calendar any more. */
const MOST_SHOWN = 90

/** A row for each source and a column for each day. A day is a sign and a word; the colour only repeats them. */
export function Calendar({ sources, outcomes, since, days }: Props) {
  const shown = Math.min(days, MOST_SHOWN)
  const first = Date.parse(since) + (days - shown) * DAY_MS
  const dates = Array.from({ length: shown }, (_, at) => new Date(first + at * DAY_MS).toISOString())
  const of = new Map(outcomes.map((one) => [`${one.sourceId} ${Date.parse(one.day)}`, one]))
  return (
    <Panel
      title={shown < days ? `Each source, the last ${shown} days` : 'Each source, day by day'}
      flush
      aside={
        <span aria-hidden className="text-small text-ink-soft">
          <Sign tone="good" /> whole <Sign tone="warn" /> incomplete <Sign tone="bad" /> failed
        </span>
      }
    >
      {sources.length === 0 ? (
        <Empty Icon={CalendarX} title="There is no source yet">
          Add one, and its days appear here.
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
        <section className="relative overflow-x-auto" aria-label="Each source, day by day" tabIndex={0}>
          <table className="border-separate border-spacing-x-0.5 border-spacing-y-1 px-3 py-2 text-small">
            <thead className="sr-only">
              <tr>
                <th scope="col">Source</th>
                {dates.map((date) => (
                  <th key={date} scope="col">
                    {dayText(date)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sources.map(({ id, name, environment }) => (
                <tr key={id}>
                  <th scope="row" className="sticky left-0 bg-sheet pe-3 text-start font-normal whitespace-nowrap">
                    <Link href={`/backups?source=${id}`} className="text-accent underline-offset-2 hover:underline">
                      {name}
                    </Link>{' '}
                    <span className="text-ink-soft">{environment.name}</span>
                  </th>
                  {dates.map((date) => (
                    <Day key={date} date={date} outcomes={of.get(`${id} ${Date.parse(date)}`)} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  )
}

const signs = { good: '✓', warn: '!', bad: '✕', none: '·' } as const
const looks = {
  good: 'bg-good-wash text-good',
  warn: 'bg-warn-wash text-warn',
  bad: 'bg-bad-wash text-bad',
  none: 'text-ink-soft',
} as const
type Tone = keyof typeof signs

function Sign({ tone }: { tone: Tone }) {
  return (
    <span className={`inline-grid size-5 place-items-center rounded-sm text-label font-semibold ${looks[tone]}`}>
      {signs[tone]}
    </span>
  )
}

function Day({ date, outcomes }: { date: string; outcomes: Outcomes | undefined }) {
  const tone = toneOf(outcomes)
  const words = outcomes ? wordsOf(outcomes) : 'no run'
  return (
    <td className="p-0" title={`${dayText(date)}: ${words}`}>
      <span aria-hidden>
        <Sign tone={tone} />
      </span>
      <span className="sr-only">{words}</span>
    </td>
  )
}

function toneOf(outcomes: Outcomes | undefined): Tone {
  if (!outcomes) return 'none'
  if (outcomes.failed > 0) return 'bad'
  return outcomes.partial > 0 ? 'warn' : 'good'
}

const wordsOf = ({ succeeded, partial, failed }: Outcomes): string =>
  [
    [succeeded, 'whole'],
    [partial, 'incomplete'],
    [failed, 'failed'],
  ]
    .filter(([many]) => many !== 0)
    .map(([many, word]) => `${many} ${word}`)
    .join(', ')
