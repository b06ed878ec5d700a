import { blackoutWords } from './blackouts.ts'
import { columns, printable } from './format.ts'
import type { PlanDetail, PlanItem } from './plan-documents.ts'

/** A line for each plan, with a head. */
export function planLines(plans: PlanItem[]): string[] {
  if (plans.length === 0) return ['There is no plan yet.']
  const rows = plans.map((plan) => [
    plan.id,
    printable(plan.name),
    plan.scheduleInWords === null ? 'by hand only' : `${plan.scheduleInWords}, ${plan.timeZone}`,
    plan.isPaused ? `paused: ${printable(plan.pauseReason)}` : (plan.dueAt ?? '–'),
    String(plan.sources.length),
    plan.lastBackup ? `${plan.lastBackup.state} ${plan.lastBackup.createdAt}` : 'never',
  ])
  return columns([['id', 'plan', 'when', 'next', 'sources', 'last backup'], ...rows])
}

/** All of one plan. */
export function planText(plan: PlanDetail): string[] {
  return [
    ...planLines([plan]),
    '',
    ...columns([
      ...plan.nextTimes.map((time) => ['next', time]),
      ...plan.blackouts.map((blackout) => ['not', blackoutWords(blackout)]),
      ...plan.hooksBefore.map((hook) => ['before', printable(JSON.stringify(hook))]),
      ...plan.hooksAfter.map((hook) => ['after', printable(JSON.stringify(hook))]),
      ...plan.sources.map((source) => ['takes', printable(`${source.name} (${source.environment.name})`)]),
      ...plan.events.map((event) => [
        'came',
        event.dueAt,
        event.kind,
        event.backup?.id ?? '',
        printable(event.message),
      ]),
    ]),
  ]
}
