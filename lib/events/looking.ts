import type { Feed } from './feed.ts'

/** What a generator that waits for announcements goes by. */
export interface Looking {
  /** Nobody wants more. */
  readonly closed: boolean
  /** To be called before the rows are read: what is announced after it ends the next `wait` at once. */
  begin(): void
  /** Until something is announced, or nobody wants more. */
  wait(): Promise<void>
}

/** A generator that reads rows again whenever `what` is announced, and that can be returned from while it waits. */
export function looking<T>(
  feed: Feed,
  what: string,
  read: (looking: Looking) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  let dirty = true
  let closed = false
  let wake = () => {}
  const unwatch = feed.watch(what, () => {
    dirty = true
    wake()
  })
  const reading = read({
    get closed() {
      return closed
    },
    begin() {
      dirty = false
    },
    async wait() {
      if (!dirty && !closed)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  })
  const items = whole(reading, unwatch)
  const finish = items.return.bind(items)
  // A generator that waits cannot be returned from; wake it first.
  items.return = (value) => {
    closed = true
    unwatch()
    wake()
    return finish(value)
  }
  return items
}

async function* whole<T>(reading: AsyncGenerator<T, void>, unwatch: () => void): AsyncGenerator<T, void> {
  try {
    yield* reading
  } finally {
    unwatch()
  }
}
