'use client'

import { useEffect, useState } from 'react'
import { duration, secondsBetween, when, whenIn } from '#app/_ui/format.ts'

/** The browser's clock in milliseconds, read again every `everyMs`. The one place in the console that reads it. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

export function When({ at }: { at: string }) {
  return <time dateTime={at}>{when(at)}</time>
}

/** In another zone than the reader's, with its name. */
export function WhenIn({ at, timeZone }: { at: string; timeZone: string }) {
  return <time dateTime={at}>{whenIn(at, timeZone)}</time>
}

/** How long ago, with the exact time on hover. */
export function Age({ at }: { at: string }) {
  const now = useNow(30_000)
  const seconds = secondsBetween(at, now) ?? 0
  return (
    <time dateTime={at} title={when(at)} className="whitespace-nowrap">
      {seconds < 60 ? 'just now' : `${roughly(seconds)} ago`}
    </time>
  )
}

/** One unit is enough for an age, two near a boundary: “3 h 20 min” but “12 d”. */
function roughly(seconds: number): string {
  if (seconds >= 7 * 86_400) return `${Math.floor(seconds / 86_400)} d`
  return duration(seconds - (seconds % 60))
}

/** From start to end, counting on while there is no end. */
export function Took({ from, to }: { from: string | null; to: string | null }) {
  const now = useNow(to ? 3_600_000 : 1_000)
  if (!from) return '–'
  return duration(secondsBetween(from, to ? Date.parse(to) : now))
}
