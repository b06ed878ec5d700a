import type { PlanItem } from '#app/_data/plans.ts'
import { parseTags } from '#app/_data/tags.ts'
import type { Blackout } from '#app/_ui/blackout-fields.tsx'
import type { LogLevel, SourceType } from '#graphql/documents/generated/graphql.ts'
import { type HookDraft, hookDrafts, hookInputs, tokenInputs } from './hook-draft.ts'

/** The schedules that have a name. */
export const namedSchedules = ['hourly', 'daily', 'weekly', 'monthly'] as const
export const BY_HAND = 'by hand'
export const CUSTOM = 'custom'

/** What is kept, each with how many. */
export const keptKinds = ['days', 'last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type Kept = (typeof keptKinds)[number]

export type Defaults = Pick<PlanItem, 'schedule' | 'selection' | 'retention'>

/** A plan as the form holds it. */
export interface Draft {
  name: string
  description: string
  chooses: 'fitting' | 'named'
  environments: string[]
  types: SourceType[]
  tags: string
  sourceIds: string[]
  when: (typeof namedSchedules)[number] | typeof BY_HAND | typeof CUSTOM
  cron: string
  timeZone: string
  windowFrom: string
  windowTo: string
  jitterMinutes: string
  catchUp: boolean
  compressionLevel: string
  retries: string
  retryPauseMinutes: string
  timeLimitMinutes: string
  keep: Record<Kept, string>
  repositoryId: string
  copyRepositoryId: string
  uploadKibPerSecond: string
  runsAtOnce: string
  notifyRecipients: string
  notifyOnSuccess: boolean
  notifyOnFailure: boolean
  /** '', 'on' or 'off'; empty: as the options say. */
  notification: string
  /** Empty: all. */
  logVerbosity: string
  verifyEveryDays: string
  blackouts: Blackout[]
  hooksBefore: HookDraft[]
  hooksAfter: HookDraft[]
}

interface Selection {
  sourceIds?: string[]
  environments?: string[]
  types?: SourceType[]
  tags?: string[]
}

const isNamed = (schedule: string): schedule is (typeof namedSchedules)[number] =>
  (namedSchedules as readonly string[]).includes(schedule)
const text = (number: number | null | undefined) => (number ? String(number) : '')
const minutes = (seconds: number | null) => (seconds === null ? '' : String(seconds / 60))

/** Of a plan, or of a new one with what the installation gives it. */
export function draftOf(plan: Partial<PlanItem> & Defaults): Draft {
  const { sourceIds, environments = [], types = [], tags = [] } = plan.selection as Selection
  const { schedule } = plan
  return {
    name: plan.name ?? '',
    description: plan.description ?? '',
    chooses: sourceIds ? 'named' : 'fitting',
    environments,
    types,
    tags: tags.join(', '),
    sourceIds: sourceIds ?? [],
    when: schedule === null ? BY_HAND : isNamed(schedule) ? schedule : CUSTOM,
    cron: schedule !== null && !isNamed(schedule) ? schedule : '30 3 * * 1-5',
    timeZone: plan.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    windowFrom: plan.windowFrom ?? '',
    windowTo: plan.windowTo ?? '',
    jitterMinutes: minutes(plan.jitterSeconds ?? 0),
    catchUp: plan.catchUp ?? true,
    compressionLevel: text(plan.compressionLevel),
    retries: String(plan.retries ?? 2),
    retryPauseMinutes: minutes(plan.retryPauseSeconds ?? 300),
    timeLimitMinutes: minutes(plan.timeLimitSeconds ?? null),
    keep: keepOf(plan),
    repositoryId: plan.repository?.id ?? '',
    copyRepositoryId: plan.copyRepository?.id ?? '',
    uploadKibPerSecond: text(plan.uploadKibPerSecond),
    runsAtOnce: text(plan.runsAtOnce),
    notifyRecipients: plan.notifyRecipients?.join(', ') ?? '',
    notifyOnSuccess: plan.notifyOnSuccess ?? true,
    notifyOnFailure: plan.notifyOnFailure ?? true,
    notification: plan.notificationEnabled == null ? '' : plan.notificationEnabled ? 'on' : 'off',
    logVerbosity: plan.logVerbosity ?? '',
    verifyEveryDays: String(plan.verifyEveryDays ?? 7),
    blackouts: (plan.blackouts ?? []) as Blackout[],
    hooksBefore: hookDrafts(plan.hooksBefore, plan.webhooksWithToken),
    hooksAfter: hookDrafts(plan.hooksAfter, plan.webhooksWithToken),
  }
}

function keepOf(plan: Defaults): Draft['keep'] {
  const retention = plan.retention as Partial<Record<Kept, number>>
  return Object.fromEntries(keptKinds.map((kind) => [kind, String(retention[kind] ?? 0)])) as Draft['keep']
}

/** The schedule that is chosen; null: by hand only. */
export function scheduleOf({ when, cron }: Draft): string | null {
  if (when === BY_HAND) return null
  return when === CUSTOM ? cron : when
}

/** Text that is no number goes as NaN, which JSON makes null: the server then says what the field needs. */
const seconds = (text: string) => (text.trim() === '' ? null : Math.round(Number(text) * 60))
const number = (text: string) => (text.trim() === '' ? null : Number(text))

/** What the server is asked, ready for create and update. */
export function inputOf(draft: Draft) {
  return {
    name: draft.name,
    description: draft.description,
    selection:
      draft.chooses === 'named'
        ? { sourceIds: draft.sourceIds }
        : { environments: draft.environments, types: draft.types, tags: parseTags(draft.tags) },
    schedule: scheduleOf(draft),
    timeZone: draft.timeZone,
    windowFrom: draft.windowFrom || null,
    windowTo: draft.windowTo || null,
    jitterSeconds: seconds(draft.jitterMinutes) ?? 0,
    catchUp: draft.catchUp,
    compressionLevel: number(draft.compressionLevel),
    retries: number(draft.retries) ?? 0,
    retryPauseSeconds: seconds(draft.retryPauseMinutes) ?? 300,
    timeLimitSeconds: seconds(draft.timeLimitMinutes),
    retention: Object.fromEntries(keptKinds.map((kind) => [kind, number(draft.keep[kind]) ?? 0])),
    repositoryId: draft.repositoryId || null,
    copyRepositoryId: draft.copyRepositoryId || null,
    uploadKibPerSecond: number(draft.uploadKibPerSecond),
    runsAtOnce: number(draft.runsAtOnce),
    notifyRecipients: parseTags(draft.notifyRecipients),
    notifyOnSuccess: draft.notifyOnSuccess,
    notifyOnFailure: draft.notifyOnFailure,
    notificationEnabled: draft.notification === '' ? null : draft.notification === 'on',
    logVerbosity: (draft.logVerbosity || null) as LogLevel | null,
    verifyEveryDays: number(draft.verifyEveryDays) ?? 0,
    blackouts: draft.blackouts,
    hooksBefore: hookInputs(draft.hooksBefore),
    hooksAfter: hookInputs(draft.hooksAfter),
    webhookTokens: tokenInputs([...draft.hooksBefore, ...draft.hooksAfter]),
  }
}
