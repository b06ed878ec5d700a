import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  Info,
  LoaderCircle,
  type LucideIcon,
  ShieldCheck,
  ShieldX,
  TriangleAlert,
  Unplug,
} from 'lucide-react'
import type {
  DeliveryState,
  RepositoryHealthState,
  RunState,
  Severity,
  VerificationResult,
} from '#graphql/documents/generated/graphql.ts'

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

const resultLooks: Record<VerificationResult, Look> = {
  VERIFIED: { word: 'Verified', Icon: ShieldCheck, tone: 'text-good' },
  MISMATCH: { word: 'Mismatch', Icon: ShieldX, tone: 'text-bad' },
  FAILED: { word: 'Not restorable', Icon: ShieldX, tone: 'text-bad' },
}

/** The result of a verification, else its state. */
export function VerificationMark({ state, result }: { state: RunState; result: VerificationResult | null }) {
  return result === null ? <StateMark state={state} /> : <Mark look={resultLooks[result]} />
}

const severityLooks: Record<Severity, Look> = {
  INFO: { word: 'Info', Icon: Info, tone: 'text-idle' },
  WARNING: { word: 'Warning', Icon: TriangleAlert, tone: 'text-warn' },
  ERROR: { word: 'Error', Icon: CircleX, tone: 'text-bad' },
}

export function SeverityMark({ severity }: { severity: Severity }) {
  return <Mark look={severityLooks[severity]} />
}

export function DeliveryMark({ state }: { state: DeliveryState }) {
  return <Mark look={deliveryLooks[state]} />
}

const healthLooks: Record<RepositoryHealthState, Look> = {
  OK: { word: 'Well', Icon: CircleCheck, tone: 'text-good' },
  NOT_MADE: { word: 'Not made yet', Icon: CircleDashed, tone: 'text-idle' },
  UNREACHABLE: { word: 'Not reachable', Icon: Unplug, tone: 'text-bad' },
  DAMAGED: { word: 'Damaged', Icon: CircleX, tone: 'text-bad' },
  FULL: { word: 'Full', Icon: CircleX, tone: 'text-bad' },
  CHECK_FAILED: { word: 'Check failed', Icon: TriangleAlert, tone: 'text-warn' },
  CHECK_OVERDUE: { word: 'Check overdue', Icon: TriangleAlert, tone: 'text-warn' },
  NEVER_CHECKED: { word: 'Never checked', Icon: TriangleAlert, tone: 'text-warn' },
}

/** Whether backups into it fail, or what is in it may be lost. */
export const isAlarming = (state: RepositoryHealthState): boolean => healthLooks[state].tone === 'text-bad'

export function HealthMark({ state }: { state: RepositoryHealthState }) {
  return <Mark look={healthLooks[state]} />
}

/** Something bad that was found by what itself went well. */
export function FoundMark({ word }: { word: string }) {
  return <Mark look={{ word, Icon: TriangleAlert, tone: 'text-bad' }} />
}
