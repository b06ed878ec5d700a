import { CodedError } from '#lib/errors/coded-error.ts'
import type { ChannelKind } from './kind.ts'
import { discord } from './kinds/discord.ts'
import { email } from './kinds/email.ts'
import { ntfy } from './kinds/ntfy.ts'
import { slack } from './kinds/slack.ts'
import { sms } from './kinds/sms.ts'
import { teams } from './kinds/teams.ts'
import { twilio } from './kinds/twilio.ts'
import { webhook } from './kinds/webhook.ts'
import type { ChannelKindName } from './kinds.ts'

/** Every kind there is. The compiler refuses a name without one. */
const kinds: Readonly<Record<ChannelKindName, ChannelKind>> = {
  email: email as ChannelKind,
  sms: sms as ChannelKind,
  twilio: twilio as ChannelKind,
  webhook: webhook as ChannelKind,
  slack: slack as ChannelKind,
  discord: discord as ChannelKind,
  teams: teams as ChannelKind,
  ntfy: ntfy as ChannelKind,
}

export const allChannelKinds = (): readonly ChannelKind[] => Object.values(kinds)

/** Throws CHANNEL_KIND_UNKNOWN. */
export function channelKind(kind: string): ChannelKind {
  if (Object.hasOwn(kinds, kind)) return kinds[kind as ChannelKindName]
  throw new CodedError('CHANNEL_KIND_UNKNOWN', { kind, known: Object.keys(kinds) })
}
