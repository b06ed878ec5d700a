/** Notices when a run has come to a halt: a server that does not answer, a lock that is never given back. */
export interface StallWatch {
  /** Tells how far one side of the run has come. Only a change counts as movement. */
  moved(side: string, figure: number): void
  stop(): void
}

/** Calls `onStall` once when nothing moved for `timeoutMs`. */
export function watchForStall(timeoutMs: number, onStall: () => void): StallWatch {
  const seen = new Map<string, number>()
  const timer = setTimeout(onStall, timeoutMs)
  return {
    moved(side, figure) {
      if (seen.get(side) === figure) return
      seen.set(side, figure)
      timer.refresh()
    },
    stop: () => clearTimeout(timer),
  }
}
