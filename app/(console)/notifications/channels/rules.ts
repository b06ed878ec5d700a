import type { ChannelSettings } from '#app/_data/channels.ts'
import type { DigestPeriod, Severity } from '#graphql/documents/generated/graphql.ts'

/** What a channel carries, as it is typed; empty texts say nothing. */
export interface Rules {
  enabled: boolean
  severity: Severity
  events: string[]
  environmentIds: string[]
  planIds: string[]
  quietFrom: string
  quietTo: string
  timeZone: string
  digest: DigestPeriod | ''
  digestAt: string
  digestOnly: boolean
  escalateToId: string
  escalateAfterMinutes: string
}

export function rulesOf(channel: ChannelSettings | null): Rules {
  return {
    enabled: channel?.enabled ?? true,
    severity: channel?.severity ?? 'INFO',
    events: channel?.events ?? [],
    environmentIds: channel?.environmentIds ?? [],
    planIds: channel?.planIds ?? [],
    quietFrom: channel?.quietFrom ?? '',
    quietTo: channel?.quietTo ?? '',
    timeZone: channel?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    digest: channel?.digest ?? '',
    digestAt: channel?.digestAt ?? '08:00',
    digestOnly: channel?.digestOnly ?? false,
    escalateToId: channel?.escalateTo?.id ?? '',
    escalateAfterMinutes: channel?.escalateAfterMinutes?.toString() ?? '',
  }
}

const orNull = <T extends string>(text: T | '') => (text === '' ? null : text)

/** What the server is sent. */
export function inputOf(rules: Rules) {
  const isEscalated = rules.escalateToId !== ''
  return {
    ...rules,
    quietFrom: orNull(rules.quietFrom),
    quietTo: orNull(rules.quietTo),
    digest: orNull(rules.digest),
    digestOnly: rules.digest !== '' && rules.digestOnly,
    escalateToId: orNull(rules.escalateToId),
    escalateAfterMinutes: isEscalated && rules.escalateAfterMinutes !== '' ? Number(rules.escalateAfterMinutes) : null,
  }
}
