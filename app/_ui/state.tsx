import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  LoaderCircle,
  type LucideIcon,
  TriangleAlert,
  Unplug,
} from 'lucide-react'
import type { DeliveryState, RunState } from '#graphql/documents/generated/graphql.ts'

interface Look {
  word: string
  Icon: LucideIcon
  tone: string
}

export const stateLooks: Record<RunState, Look> = {
  QUEUED: { word: 'Queued', Icon: CircleDashed, tone: 'text-idle' },
  RUNNING: { word: 'Running', Icon: LoaderCircle, tone: 'text-accent' },
  SUCCEEDED: { word: 'Succeeded', Icon: CircleCheck, tone: 'text-good' },
  PARTIAL: { word: 'Partial', Icon: TriangleAlert, tone: 'text-warn' },
  FAILED: { word: 'Failed', Icon: CircleX, tone: 'text-bad' },
  CANCELLED: { word: 'Cancelled', Icon: CircleSlash, tone: 'text-idle' },
  INTERRUPTED: { word: 'Interrupted', Icon: Unplug, tone: 'text-warn' },
}

const deliveryLooks: Record<DeliveryState, Look> = {
  PENDING: { word: 'Pending', Icon: CircleDashed, tone: 'text-idle' },
  SENT: { word: 'Sent', Icon: CircleCheck, tone: 'text-good' },
  FAILED: { word: 'Failed', Icon: CircleX, tone: 'text-bad' },
}

/** A state is always an icon and a word; the colour only repeats them. */
function Mark({ look, turning = false }: { look: Look; turning?: boolean }) {
  const { Icon, tone, word } = look
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${tone}`}>
      <Icon aria-hidden className={`size-4 shrink-0 ${turning ? 'animate-spin motion-reduce:animate-none' : ''}`} />
      {word}
    </span>
  )
}

export function StateMark({ state }: { state: RunState }) {
  return <Mark look={stateLooks[state]} turning={state === 'RUNNING'} />
}

export function DeliveryMark({ state }: { state: DeliveryState }) {
  return <Mark look={deliveryLooks[state]} />
}

/** Something bad that was found by what itself went well. */
export function FoundMark({ word }: { word: string }) {
  return <Mark look={{ word, Icon: TriangleAlert, tone: 'text-bad' }} />
}
