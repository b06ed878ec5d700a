import { day as dayText } from '#app/_ui/format.ts'
import { GrowthChart } from '#app/_ui/growth-chart.tsx'
import { Panel } from '#app/_ui/panel.tsx'

interface Props {
  title: string
  days: { day: string; value: number }[]
  format: (value: number) => string
}

/** A figure of each day, as a chart and as a table. */
export function DayChart({ title, days, format }: Props) {
  return (
    <Panel title={title}>
      {days.length < 2 ? (
        <p className="text-ink-soft">There are figures of {days.length === 0 ? 'no day' : 'one day'} only.</p>
      ) : (
        <GrowthChart name={title} format={format} points={days.map(({ day, value }) => ({ at: day, value }))} />
      )}
      {days.length === 0 ? null : (
        <details className="mt-3">
          <summary className="cursor-pointer text-small text-ink-soft">As a table</summary>
          <table className="mt-2 text-small">
            <thead>
              <tr>
                <th scope="col" className="pe-6 text-start font-medium">
                  Day
                </th>
                <th scope="col" className="text-end font-medium">
                  Value
                </th>
              </tr>
            </thead>
            <tbody>
              {days.toReversed().map(({ day, value }) => (
                <tr key={day}>
                  <td className="pe-6">{dayText(day)}</td>
                  <td className="text-end tabular-nums">{format(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </Panel>
  )
}
