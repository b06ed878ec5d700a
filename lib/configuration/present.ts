import { join } from 'node:path'
import type { Config } from '#lib/config/config.ts'
import type { Transaction } from '#lib/database/database.ts'
import { assertionsInput } from '#lib/environments/assertions.ts'
import { environmentInput } from '#lib/environments/create.ts'
import { openSecrets } from '#lib/environments/sources.ts'
import type { Secrets } from '#lib/forms/kept-secrets.ts'
import { hooksInput } from '#lib/hooks/hook.ts'
import { channelSecrets } from '#lib/notifications/channels/open.ts'
import { channelKind } from '#lib/notifications/channels/registry.ts'
import { planInput } from '#lib/plans/input.ts'
import { type Selection, selectionInput } from '#lib/plans/selection.ts'
import { openToken, sealedTokens } from '#lib/plans/webhook-tokens.ts'
import { passwordOf, secretsOf } from '#lib/repositories/access.ts'
import { optionsOf } from '#lib/repositories/options.ts'
import { repositoryKind } from '#lib/repositories/registry.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { notificationRecipients } from '#lib/settings/notification-settings.ts'
import { setOptions } from '#lib/settings/options.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'
import type { Channel, Environment, Plan, Repository, Source } from '#prisma/client/client.ts'
import { storedHooks } from './plan-hooks.ts'
import { entries, holdsRepository, type Kind } from './schema.ts'
import { storedSettings } from './settings.ts'

export interface PresentDeps {
  prisma: Transaction
  secretKey: SecretKey
  config: Pick<Config, 'DATA_DIR'>
  driverOf: (kind: string) => SourceDriver
}

export type Fields = Record<string, unknown>

/** One thing that the file can name. */
export interface Present {
  id: string
  name: string
  /** All of its fields as they are compared: defaults filled in, names for ids, marks for secrets. */
  fields: Fields
  /** As the file writes them. */
  shown: Fields
  /** The secret settings of a source or repository, a plan’s tokens by their addresses; null when settings are missing. */
  secrets: Secrets | null
  /** Whether somebody who knows the password of the repository gave it. */
  hasPassword?: (password: string) => boolean
  /** Why it cannot be deleted, whatever the file says. */
  stays: string | null
}

export type PresentState = Record<Kind, Map<string, Present>>

export const sourceKey = (environment: string, name: string): string => `${environment}/${name}`

/** All that is there, environments by their place, everything else by its name. */
export async function readPresent(deps: PresentDeps): Promise<PresentState> {
  const { prisma } = deps
  const environments = await prisma.environment.findMany({
    orderBy: [{ position: 'asc' }, { name: 'asc' }],
    include: { _count: { select: { sources: true } } },
  })
  const repositories = await prisma.repository.findMany({
    include: {
      copyTo: true,
      sources: { where: { deletedAt: { not: null } }, select: { id: true }, take: 1 },
      _count: { select: { runs: true, tasks: { where: { kind: 'COPY' } } } },
    },
  })
  const sources = await prisma.source.findMany({ where: { deletedAt: null }, include: { environment: true } })
  const plans = await prisma.plan.findMany()
  const channels = await prisma.channel.findMany()
  const nameOf = new Map([...environments, ...plans, ...channels].map(({ id, name }) => [id, name]))
  const repositoryName = new Map(repositories.map(({ id, name }) => [id, name]))
  const sourceName = new Map(sources.map(({ id, name, environment }) => [id, sourceKey(environment.name, name)]))
  const byName = (found: Present[]) =>
    new Map(found.sort((a, b) => (a.name < b.name ? -1 : 1)).map((one) => [one.name, one]))
  return {
    environment: new Map(
      environments.map((one) => {
        const stays = one._count.sources > 0 ? 'sources belong to it, or did; their history would go with it' : null
        return [one.name, environmentAt(one, repositoryName, stays)]
      }),
    ),
    repository: byName(repositories.map((one) => repositoryAt(deps, one))),
    source: byName(sources.map((one) => sourceAt(deps, one, repositoryName))),
    plan: byName(plans.map((one) => planAt(deps, one, repositoryName, sourceName))),
    channel: byName(channels.map((one) => channelAt(deps, one, nameOf))),
    settings: await settingsAt(prisma),
  }
}

const plainly = { secrets: null, stays: null }

function environmentAt(row: Environment, repositories: Map<string, string>, stays: string | null): Present {
  const fields = withNames(pick(row, Object.keys(environmentInput.shape)), repositories)
  return { ...plainly, id: row.id, name: row.name, fields, shown: fields, stays }
}

function repositoryAt(
  { secretKey, config }: PresentDeps,
  row: Repository & { copyTo: Repository | null; sources: object[]; _count: { runs: number; tasks: number } },
): Present {
  const secrets = secretsOf(secretKey, row)
  const { parsed, shown } = storedSettings(repositoryKind(row.kind), row.settings as Fields, secrets)
  const { name, kind } = row
  const about = { default: row.isDefault, copyTo: row.copyTo?.name ?? null, options: optionsOf(row) }
  // Where the installation’s own repository lies is the installation’s affair: the file fits others, too.
  const isOwn = row.location === join(config.DATA_DIR, 'repositories/default')
  return {
    id: row.id,
    name,
    fields: { name, kind, settings: parsed, ...about },
    shown: { name, ...(isOwn ? {} : { kind, settings: shown, password: { secret: 'kept' } }), ...about },
    secrets,
    hasPassword: (password) => passwordOf(secretKey, row).reveal() === password,
    stays: row._count.runs + row._count.tasks + row.sources.length > 0 ? 'it has a history' : null,
  }
}

function sourceAt(
  { secretKey, driverOf }: PresentDeps,
  row: Source & { environment: Environment },
  repositories: Map<string, string>,
): Present {
  const secrets = openSecrets(row, secretKey)
  const { parsed, shown } = storedSettings(driverOf(row.kind), row.settings as Fields, secrets)
  const { name, kind, enabled, tags, maxAgeHours, maskingSql, settingsMissing } = row
  const repository = row.repositoryId === null ? null : (repositories.get(row.repositoryId) ?? null)
  const assertions = assertionsInput.safeParse(row.assertions).data ?? []
  const about = { settingsMissing, enabled, repository, tags, maxAgeHours, assertions, maskingSql }
  const place = { name, environment: row.environment.name, kind }
  return {
    id: row.id,
    name: sourceKey(row.environment.name, name),
    fields: { ...place, settings: settingsMissing ? {} : parsed, ...about },
    shown: { ...place, settings: shown, ...about },
    secrets: settingsMissing ? null : secrets,
    stays: null,
  }
}

function planAt(
  { secretKey }: PresentDeps,
  row: Plan,
  repositories: Map<string, string>,
  sources: Map<string, string>,
): Present {
  const stored = pick(row, Object.keys(planInput.shape))
  const input = planInput.safeParse(stored).data ?? stored
  const selection = selectionInNames(selectionInput.parse(row.selection), sources)
  const sealed = Object.entries(sealedTokens.parse(row.sealedTokens))
  const secrets = Object.fromEntries(sealed.map(([url, token]) => [url, openToken(secretKey, url, token).reveal()]))
  const hooks = storedHooks(
    { hooksBefore: hooksInput.parse(row.hooksBefore), hooksAfter: hooksInput.parse(row.hooksAfter) },
    secrets,
  )
  const fields = { ...withNames(input, repositories), ...hooks, selection }
  return { ...plainly, id: row.id, name: row.name, fields, shown: fields, secrets }
}

/** Environments, plans and channels have ids that are of none of the others. Those that were deleted since are left out. */
function channelAt({ secretKey }: PresentDeps, row: Channel, nameOf: ReadonlyMap<string, string>): Present {
  const secrets = channelSecrets(secretKey, row)
  const { parsed, shown } = storedSettings(channelKind(row.kind), row.settings as Fields, secrets)
  const named = (ids: readonly string[]) => ids.flatMap((id) => nameOf.get(id) ?? []).sort()
  const about = {
    ...pick(row, Object.keys(entries.channel.shape)),
    environments: named(row.environmentIds),
    plans: named(row.planIds),
    escalateTo: named(row.escalateToId === null ? [] : [row.escalateToId])[0] ?? null,
  }
  const { id, name } = row
  return {
    id,
    name,
    fields: { ...about, settings: parsed },
    shown: { ...about, settings: shown },
    secrets,
    stays: null,
  }
}

/** Sources that were deleted since are left out, as they are when the plan starts. */
function selectionInNames(selection: Selection, sources: Map<string, string>): object {
  if (!('sourceIds' in selection)) return selection
  return { sources: selection.sourceIds.flatMap((id) => sources.get(id) ?? []).sort() }
}

async function settingsAt(prisma: Transaction): Promise<Map<string, Present>> {
  const options = await setOptions(prisma)
  const fields = entries.settings.parse({ notificationRecipients: await notificationRecipients(prisma), options })
  const shown = Object.keys(options).length > 0 ? fields : { notificationRecipients: fields.notificationRecipients }
  return new Map([['settings', { ...plainly, id: 'settings', name: 'settings', fields, shown }]])
}

function withNames(fields: Fields, repositories: Map<string, string>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) =>
      holdsRepository(key) ? [key.slice(0, -2), repositories.get(String(value)) ?? null] : [key, value],
    ),
  )
}

const pick = (row: object, keys: string[]): Fields =>
  Object.fromEntries(Object.entries(row).filter(([key]) => keys.includes(key)))
