/** The only place that reads the machine's clock. Everything that decides by time takes a `Clock`, so that tests pass dates instead of sleeping. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** A monotonic reading in milliseconds, for durations only. */
export const monotonicMs = (): number => performance.now()
