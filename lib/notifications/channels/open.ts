import { parseInput } from '#lib/errors/parse-input.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import { type SecretKey, unseal } from '#lib/secrets/seal.ts'
import type { Channel } from '#prisma/client/client.ts'
import type { ChannelKind } from './kind.ts'
import { channelKind } from './registry.ts'

export const contextOf = (id: string): string => `channel:${id}`

/** The secret settings of a channel by their dotted names. */
export function channelSecrets(
  secretKey: SecretKey,
  { id, sealedSecrets }: Pick<Channel, 'id' | 'sealedSecrets'>,
): Readonly<Record<string, string>> {
  if (sealedSecrets === null) return {}
  return JSON.parse(unseal(secretKey, sealedSecrets, contextOf(id)).reveal()) as Record<string, string>
}

/** Its kind with its parsed settings. Throws CHANNEL_KIND_UNKNOWN, INPUT_INVALID, SECRET_UNREADABLE. */
export function openChannel(secretKey: SecretKey, channel: Channel): { kind: ChannelKind; settings: unknown } {
  const kind = channelKind(channel.kind)
  const stored = joinSettings(channel.settings as Record<string, unknown>, channelSecrets(secretKey, channel))
  return { kind, settings: parseInput(kind.settings, stored, 'settings') }
}
