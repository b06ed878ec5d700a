import type { PlanEventKind } from '#prisma/client/enums.ts'
import { mailPage, oneLine, problemHtml, problemText } from './mail-page.ts'
import type { Message } from './mailer.ts'

const RED = '#cf222e'
const AMBER = '#9a6700'

interface PlanEvent {
  dueAt: Date
  kind: PlanEventKind
  message: string
  plan: { id: string; name: string; catchUp: boolean }
}

/** What a person is told about a time of a plan that was missed, or at which it could not start. Pure. */
export function renderPlanMail({ dueAt, kind, message, plan }: PlanEvent, publicUrl: string): Omit<Message, 'to'> {
  const wasMissed = kind === 'MISSED'
  const subject = oneLine(wasMissed ? `Plan ${plan.name} missed its time` : `Plan ${plan.name} could not start`)
  const facts: [string, string][] = [
    ['Plan', plan.name],
    ['Due', dueAt.toISOString()],
  ]
  const problem = {
    message,
    remedy: wasMissed
      ? 'See in the log of the server why nothing ran at that time.'
      : 'Open the plan in the console. It is tried again at its next time.',
  }
  const link = `${publicUrl}/plans/${plan.id}`
  const text = [
    `${subject}.`,
    '',
    ...facts.map(([name, value]) => `${name}: ${value}`),
    '',
    ...problemText(problem),
    '',
    link,
    '',
  ].join('\n')
  const html = mailPage({
    title: subject,
    colour: wasMissed ? AMBER : RED,
    facts,
    body: problemHtml(problem),
    link,
    linkText: 'Open the plan in the console',
  })
  return { subject, text, html }
}
