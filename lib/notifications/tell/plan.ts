import type { PlanEventKind } from '#prisma/client/enums.ts'
import { type Told, tell } from '../told.ts'

interface PlanEvent {
  dueAt: Date
  kind: PlanEventKind
  message: string
  plan: { id: string; name: string; catchUp: boolean }
}

/** What a person is told about a time of a plan that was missed, or at which it could not start. Pure. */
export function tellPlan({ dueAt, kind, message, plan }: PlanEvent, publicUrl: string): Told {
  const wasMissed = kind === 'MISSED'
  return tell({
    title: wasMissed ? `Plan ${plan.name} missed its time` : `Plan ${plan.name} could not start`,
    tone: wasMissed ? 'warn' : 'bad',
    facts: [
      ['Plan', plan.name],
      ['Due', dueAt.toISOString()],
    ],
    problem: {
      message,
      remedy: wasMissed
        ? 'See in the log of the server why nothing ran at that time.'
        : 'Open the plan in the console. It is tried again at its next time.',
    },
    link: `${publicUrl}/plans/${plan.id}`,
    linkText: 'Open the plan in the console',
  })
}
