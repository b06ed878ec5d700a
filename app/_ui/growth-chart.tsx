import { useId } from 'react'
import { bytes, day } from '#app/_ui/format.ts'

interface Point {
  at: string
  value: number
}

/** The next power of two, so that it and its half are round in the units of bytes; at least 2, so that its half is one. */
function ceiling(value: number): number {
  return value <= 2 ? 2 : 2 ** Math.ceil(Math.log2(value))
}

/** Bytes, or what else `format` says, over time, from zero. Needs two points. The words around it are HTML, so that they stay readable when it shrinks. */
interface Props {
  points: Point[]
  name: string
  format?: (value: number) => string
}

export function GrowthChart({ points, name, format = bytes }: Props) {
  const id = useId()
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || first === last) return null
  const top = ceiling(Math.max(...points.map((point) => point.value)))
  const [from, until] = [Date.parse(first.at), Date.parse(last.at)]
  const placed = points.map(({ at, value }) => [
    (1000 * (Date.parse(at) - from)) / Math.max(1, until - from),
    100 - (100 * value) / top,
  ])
  const line = placed.map(([x, y]) => `${x?.toFixed(1)},${y?.toFixed(2)}`).join(' ')
  return (
    <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-label text-ink-soft">
      <div aria-hidden className="flex flex-col justify-between py-0 text-end leading-none">
        <span>{format(top)}</span>
        <span>{format(top / 2)}</span>
        <span>0</span>
      </div>
      <svg
        viewBox="0 0 1000 100"
        preserveAspectRatio="none"
        role="img"
        aria-labelledby={`${id}-title ${id}-text`}
        className="h-40 w-full overflow-visible"
      >
        <title id={`${id}-title`}>{name}</title>
        <desc id={`${id}-text`}>
          {`From ${format(first.value)} on ${day(first.at)} to ${format(last.value)} on ${day(last.at)}.`}
        </desc>
        {[0, 50, 100].map((y) => (
          <line key={y} x1="0" x2="1000" y1={y} y2={y} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        ))}
        <polygon points={`0,100 ${line} 1000,100`} fill="var(--accent-wash)" />
        <polyline
          points={line}
          fill="none"
          stroke="var(--accent)"
          strokeWidth="2"
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <div aria-hidden className="col-start-2 mt-1.5 flex justify-between">
        <span>{day(first.at)}</span>
        <span>{day(last.at)}</span>
      </div>
    </div>
  )
}
