import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { timeOfDay } from '#lib/clock/blackouts.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { nameInput, parseInput, timeZoneInput } from '#lib/errors/parse-input.ts'
import { replaceSettings } from '#lib/forms/kept-secrets.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import { type SecretKey, seal } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Channel } from '#prisma/client/client.ts'
import { chosenEvents } from '../events.ts'
import { channelSecrets, contextOf } from './open.ts'
import { channelKind } from './registry.ts'

export interface ChannelDeps {
  prisma: Database
  secretKey: SecretKey
}

const DAY_MINUTES = 24 * 60
const settings = z.record(z.string(), z.unknown())
const ids = z
  .array(z.uuid())
  .max(1000, 'may be at most 1000')
  .transform((all) => [...new Set(all)])

/** What a channel carries, and when. Lists that are empty mean all. */
const rules = {
  enabled: z.boolean(),
  events: z.array(z.enum(chosenEvents)).transform((all) => [...new Set(all)]),
  severity: z.enum(['INFO', 'WARNING', 'ERROR']),
  environmentIds: ids,
  planIds: ids,
  /** Between these times of its zone only errors are sent. */
  quietFrom: timeOfDay.nullable(),
  quietTo: timeOfDay.nullable(),
  timeZone: timeZoneInput,
  digest: z.enum(['DAILY', 'WEEKLY']).nullable(),
  digestAt: timeOfDay,
  digestOnly: z.boolean(),
  escalateToId: z.uuid().nullable(),
  escalateAfterMinutes: z.int().min(1).max(DAY_MINUTES).nullable(),
}

export const channelInput = z.strictObject({
  name: nameInput,
  kind: z.string(),
  settings,
  enabled: rules.enabled.default(true),
  events: rules.events.default([]),
  severity: rules.severity.default('INFO'),
  environmentIds: rules.environmentIds.default([]),
  planIds: rules.planIds.default([]),
  quietFrom: rules.quietFrom.default(null),
  quietTo: rules.quietTo.default(null),
  timeZone: rules.timeZone.default('UTC'),
  digest: rules.digest.default(null),
  digestAt: rules.digestAt.default('08:00'),
  digestOnly: rules.digestOnly.default(false),
  escalateToId: rules.escalateToId.default(null),
  escalateAfterMinutes: rules.escalateAfterMinutes.default(null),
})

const updateInput = z
  .strictObject({ ...rules, name: nameInput, settings })
  .partial()
  .extend({ id: z.string() })

type Rules = Omit<z.output<typeof channelInput>, 'kind' | 'settings'>

/** Adds a channel. Throws FORBIDDEN, INPUT_INVALID, CHANNEL_KIND_UNKNOWN, NAME_TAKEN. */
export async function createChannel(deps: ChannelDeps, actor: Actor | null, raw: unknown): Promise<Channel> {
  requireScope(actor, 'settings:write', 'add a channel')
  const { kind, settings: given, ...input } = parseInput(channelInput, raw)
  const id = uuidv7()
  const columns = settingsColumns(deps.secretKey, id, kind, given, {})
  return withUniqueName('channel', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      await requireSound(tx, id, input)
      await record(tx, { actor, action: 'channel.create', target: { type: 'channel', id }, details: { kind } })
      return tx.channel.create({ data: { id, kind, ...columns, ...input } })
    }),
  )
}

/**
 * Changes a channel; what is left out stays. New settings replace the old ones whole, but for secrets: those left out or empty stay, null
 * takes one away. Throws FORBIDDEN, INPUT_INVALID, CHANNEL_UNKNOWN, NAME_TAKEN.
 */
export async function updateChannel(deps: ChannelDeps, actor: Actor | null, raw: unknown): Promise<Channel> {
  requireScope(actor, 'settings:write', 'change a channel')
  const { id: asked, settings: given, ...changes } = parseInput(updateInput, raw)
  return withUniqueName('channel', changes.name ?? '', () =>
    deps.prisma.$transaction(async (tx) => {
      const channel = await findChannel(tx, asked)
      const { id, kind } = channel
      const columns = given && settingsColumns(deps.secretKey, id, kind, given, channelSecrets(deps.secretKey, channel))
      const set = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
      await requireSound(tx, id, { ...(channel as unknown as Rules), ...set }, channel)
      const details = { changed: Object.keys(set), settingsChanged: given !== undefined }
      await record(tx, { actor, action: 'channel.update', target: { type: 'channel', id }, details })
      return tx.channel.update({ where: { id }, data: { ...set, ...columns } })
    }),
  )
}

/** Deletes a channel. What it carried stays in the history; what waits for it is not sent. Throws FORBIDDEN, CHANNEL_UNKNOWN. */
export async function deleteChannel(deps: ChannelDeps, actor: Actor | null, asked: string): Promise<Channel> {
  requireScope(actor, 'settings:write', 'delete a channel')
  return deps.prisma.$transaction(async (tx) => {
    const { id, name } = await findChannel(tx, asked)
    await record(tx, { actor, action: 'channel.delete', target: { type: 'channel', id }, details: { name } })
    await tx.channel.updateMany({ where: { escalateToId: id }, data: { escalateAfterMinutes: null } })
    const error = 'Its channel was deleted.'
    await tx.delivery.updateMany({ where: { channelId: id, state: 'PENDING' }, data: { state: 'FAILED', error } })
    return tx.channel.delete({ where: { id } })
  })
}

/** Throws CHANNEL_UNKNOWN. */
export async function findChannel(prisma: Transaction, id: string): Promise<Channel> {
  const channel = z.uuid().safeParse(id).success ? await prisma.channel.findUnique({ where: { id } }) : null
  if (channel === null) throw new CodedError('CHANNEL_UNKNOWN', { id })
  return channel
}

function settingsColumns(
  secretKey: SecretKey,
  id: string,
  kind: string,
  given: Record<string, unknown>,
  stored: Readonly<Record<string, string>>,
) {
  const asks = channelKind(kind)
  const { plain, secrets } = replaceSettings(asks, given, stored)
  parseInput(asks.settings, joinSettings(plain, secrets), 'settings')
  const sealed = seal(secretKey, new Secret(JSON.stringify(secrets)), contextOf(id))
  return { settings: plain as object, sealedSecrets: Object.keys(secrets).length === 0 ? null : sealed }
}

/** What no single field can tell. */
async function requireSound(tx: Transaction, id: string, rules: Rules, stored?: Channel): Promise<void> {
  const { quietFrom, quietTo, escalateToId, escalateAfterMinutes, digest, digestOnly, environmentIds, planIds } = rules
  const issues: { path: string; problem: string }[] = []
  const refuse = (path: string, problem: string) => issues.push({ path, problem })
  if ((quietFrom === null) !== (quietTo === null)) refuse('quietTo', 'needs both its ends')
  if (quietFrom !== null && quietFrom === quietTo) refuse('quietTo', 'must be another time than the beginning')
  if (digestOnly && digest === null) refuse('digestOnly', 'needs a summary')
  if ((escalateToId === null) !== (escalateAfterMinutes === null))
    refuse('escalateAfterMinutes', 'and the other channel belong together')
  if (escalateToId === id) refuse('escalateToId', 'must be another channel')
  if (escalateToId !== null && (await tx.channel.findUnique({ where: { id: escalateToId } })) === null)
    refuse('escalateToId', 'is no channel')
  // One that was deleted since stays where it was, rather than that the channel carried everything.
  const environments = environmentIds.filter((one) => !stored?.environmentIds.includes(one))
  if ((await tx.environment.count({ where: { id: { in: environments } } })) < environments.length)
    refuse('environmentIds', 'hold one that is no environment')
  const plans = planIds.filter((one) => !stored?.planIds.includes(one))
  if ((await tx.plan.count({ where: { id: { in: plans } } })) < plans.length)
    refuse('planIds', 'hold one that is no plan')
  if (issues.length > 0) throw new CodedError('INPUT_INVALID', { issues })
}
