import type { PlanEventKind } from '#prisma/client/enums.ts'
import { AMBER, factMail, RED } from './fact-mail.ts'
import type { Message } from './mailer.ts'

interface PlanEvent {
  dueAt: Date
  kind: PlanEventKind
  message: string
  plan: { id: string; name: string; catchUp: boolean }
}

/** What a person is told about a time of a plan that was missed, or at which it could not start. Pure. */
export function renderPlanMail({ dueAt, kind, message, plan }: PlanEvent, publicUrl: string): Omit<Message, 'to'> {
  const wasMissed = kind === 'MISSED'
  return factMail({
    title: wasMissed ? `Plan ${plan.name} missed its time` : `Plan ${plan.name} could not start`,
    colour: wasMissed ? AMBER : RED,
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
