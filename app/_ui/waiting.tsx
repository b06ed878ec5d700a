import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'

/** Grey lines where an answer is still to come. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div role="status" className="grid gap-3 p-4">
      <span className="sr-only">Loading …</span>
      {Array.from({ length: lines }, (_, line) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike and never change places
          key={line}
          className="h-4 animate-pulse rounded-mark bg-well motion-reduce:animate-none"
          style={{ width: `${92 - ((line * 17) % 40)}%` }}
        />
      ))}
    </div>
  )
}

/** Nothing there yet, and what to do next. */
export function Empty({ Icon, title, children }: { Icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center px-6 py-10 text-center">
      <Icon aria-hidden className="mb-3 size-7 text-ink-soft" />
      <p className="font-medium">{title}</p>
      {children ? <div className="mt-1 max-w-[56ch] text-ink-soft">{children}</div> : null}
    </div>
  )
}

interface Answer<Data> {
  data: Data | undefined
  error: Error | null
  isPending: boolean
  refetch: () => unknown
}

/** Shows the skeleton, the error with a way to try again, or the answer. An old answer stays when a new one fails. */
export function Answered<Data>({
  answer,
  lines,
  children,
}: {
  answer: Answer<Data>
  lines?: number
  children: (data: Data) => ReactNode
}) {
  if (answer.data !== undefined) return children(answer.data)
  if (answer.error) {
    return (
      <div className="p-4">
        <ProblemNotice problem={asProblem(answer.error)} />
        <Button onClick={() => void answer.refetch()}>Try again</Button>
      </div>
    )
  }
  return <Skeleton {...(lines === undefined ? {} : { lines })} />
}
