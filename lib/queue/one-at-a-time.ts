/** A call that comes while one is at work waits for it, and then has it done once more, together with all others that wait. */
export function oneAtATime(act: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | null = null
  let next: Promise<void> | null = null
  const start = (): Promise<void> => {
    current = act().finally(() => {
      current = null
    })
    return current
  }
  return () => {
    if (current === null) return start()
    next ??= current
      .catch(() => {})
      .then(() => {
        next = null
        return start()
      })
    return next
  }
}
