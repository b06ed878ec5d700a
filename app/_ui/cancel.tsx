import { CircleStop } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'

interface CancelProps {
  /** “backup”, “restore” */
  what: string
  /** “Let it run” */
  keep: string
  isAsked: boolean
  refusal: unknown
  onCancel: () => void
  /** What becomes of it. */
  children: ReactNode
}

/** Cancels what goes on, after a question; a refusal stands below. */
export function Cancel({ what, keep, isAsked, refusal, onCancel, children }: CancelProps) {
  return (
    <div className="grid justify-items-end gap-2">
      <Confirm
        title={`Cancel this ${what}?`}
        keep={keep}
        go={`Cancel the ${what}`}
        onConfirm={onCancel}
        trigger={
          <Button disabled={isAsked}>
            <CircleStop aria-hidden className="size-4" />
            {isAsked ? 'Cancelling …' : 'Cancel'}
          </Button>
        }
      >
        <p>{children}</p>
      </Confirm>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </div>
  )
}
