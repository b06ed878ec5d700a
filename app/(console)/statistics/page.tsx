'use client'

import { useState } from 'react'
import { useSources } from '#app/_data/sources.ts'
import { type StatisticsAnswer, useStatistics } from '#app/_data/statistics.ts'
import { Calendar } from '#app/_ui/calendar.tsx'
import { Select } from '#app/_ui/field.tsx'
import { bytes, count, duration } from '#app/_ui/format.ts'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { DayChart } from './day-chart.tsx'
import { Growth, Problems, Unusual } from './tables.tsx'

const PERIODS = [
  [14, 'Two weeks'],
  [30, '30 days'],
  [90, '90 days'],
  [366, 'A year'],
] as const

export default function StatisticsPage() {
  const [days, setDays] = useState(30)
  const statistics = useStatistics(days)
  const sources = useSources()
  return (
    <>
      <title>Statistics · System Backup Trigger</title>
      <PageHead
        title="Statistics"
        intro="What became of backups. Days are those of UTC, and of several attempts only the last one counts."
        actions={
          <label htmlFor="period" className="flex items-center gap-2">
            <span className="shrink-0 text-small text-ink-soft">Period</span>
            <Select id="period" value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {PERIODS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </Select>
          </label>
        }
      />
      <Answered answer={statistics} lines={8}>
        {(found) => (
          <>
            <Totals statistics={found} />
            <Answered answer={sources}>
              {(list) => <Calendar sources={list} outcomes={found.outcomes} since={found.since} days={days} />}
            </Answered>
            <Problems problems={found.problems} />
            <Unusual unusual={found.unusual} />
            <div className="grid items-start gap-x-5 xl:grid-cols-2">
              <DayChart
                title="New data stored each day"
                days={found.days.map(({ day, storedBytes }) => ({ day, value: storedBytes }))}
                format={bytes}
              />
              <DayChart
                title="What a good run takes, its median each day"
                days={found.days.flatMap(({ day, medianSeconds }) =>
                  medianSeconds === null ? [] : [{ day, value: medianSeconds }],
                )}
                format={duration}
              />
            </div>
            <Growth growth={found.growth} />
          </>
        )}
      </Answered>
    </>
  )
}

function Totals({ statistics: { days } }: { statistics: StatisticsAnswer }) {
  const sum = (of: (day: StatisticsAnswer['days'][number]) => number) => days.reduce((total, day) => total + of(day), 0)
  const [good, partial, failed] = [sum((d) => d.succeeded), sum((d) => d.partial), sum((d) => d.failed)]
  const all = good + partial + failed
  return (
    <Panel title="All runs">
      <Facts>
        <Fact name="Saved whole">
          {count(good)} of {count(all)}
          {all === 0 ? '' : `, ${((100 * good) / all).toFixed(good === all ? 0 : 1)} %`}
        </Fact>
        <Fact name="Incomplete">{count(partial)}</Fact>
        <Fact name="Failed">{count(failed)}</Fact>
        <Fact name="Read">{bytes(sum((d) => d.readBytes))}</Fact>
        <Fact name="New data stored">{bytes(sum((d) => d.storedBytes))}</Fact>
      </Facts>
    </Panel>
  )
}
