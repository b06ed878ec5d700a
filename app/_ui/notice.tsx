import { CircleCheck, CircleX, Info, type LucideIcon, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

type Tone = 'info' | 'good' | 'warn' | 'bad'

const tones: Record<Tone, { Icon: LucideIcon; frame: string; icon: string }> = {
  info: { Icon: Info, frame: 'border-accent/40 bg-accent-wash', icon: 'text-accent' },
  good: { Icon: CircleCheck, frame: 'border-good/40 bg-good-wash', icon: 'text-good' },
  warn: { Icon: TriangleAlert, frame: 'border-warn/40 bg-warn-wash', icon: 'text-warn' },
  bad: { Icon: CircleX, frame: 'border-bad/40 bg-bad-wash', icon: 'text-bad' },
}

interface NoticeProps {
  tone: Tone
  title: ReactNode
  children?: ReactNode
  action?: ReactNode
  /** Read out at once; for what follows from the reader's own action. */
  urgent?: boolean
}

export function Notice({ tone, title, children, action, urgent = false }: NoticeProps) {
  const { Icon, frame, icon } = tones[tone]
  return (
    <div
      role={urgent ? 'alert' : undefined}
      className={`mb-4 flex in-data-tight:mb-0 gap-3 rounded-panel border px-4 py-3 ${frame}`}
    >
      <Icon aria-hidden className={`mt-0.5 size-4.5 shrink-0 ${icon}`} />
      <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-x-6 gap-y-2.5">
        <div className="min-w-0 max-w-full grow">
          <p className="font-medium">{title}</p>
          {children ? <div className="mt-1">{children}</div> : null}
        </div>
        {action}
      </div>
    </div>
  )
}

interface Problem {
  code: string
  message: string
  remedy: string
}

/** A refusal or an error: what to do first, then what happened, then the code to look up. */
export function ProblemNotice({ problem, urgent = true }: { problem: Problem; urgent?: boolean }) {
  return (
    <Notice tone="bad" title={problem.remedy} urgent={urgent}>
      <p>{problem.message}</p>
      <p className="mt-1 font-mono text-label text-ink-soft">{problem.code}</p>
    </Notice>
  )
}

/** Any thrown error in the same form. */
export function asProblem(error: unknown): Problem {
  const { code, message, remedy } = (error ?? {}) as Partial<Problem>
  return {
    code: code ?? 'CONSOLE_ERROR',
    message: message ?? 'The console ran into an error.',
    remedy: remedy ?? 'Load the page again. If it happens again, look at the server’s log.',
  }
}
