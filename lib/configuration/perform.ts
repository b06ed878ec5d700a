import type { Actor } from '#lib/auth/actor.ts'
import { deleteSource, setSourceEnabled, updateSource } from '#lib/environments/change.ts'
import { createEnvironment, createSource } from '#lib/environments/create.ts'
import { deleteEnvironment, updateEnvironment } from '#lib/environments/update-environment.ts'
import { createChannel, deleteChannel, updateChannel } from '#lib/notifications/channels/change.ts'
import { createPlan, deletePlan, updatePlan } from '#lib/plans/change.ts'
import { makeDefault } from '#lib/repositories/default.ts'
import { repositoryOptions } from '#lib/repositories/options.ts'
import { removeRepository } from '#lib/repositories/remove.ts'
import { updateRepository } from '#lib/repositories/update.ts'
import { setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { type OptionName, optionNames } from '#lib/settings/options.ts'
import { setOption } from '#lib/settings/set-option.ts'
import type { Change } from './diff.ts'
import { withoutDefaults } from './leave-out.ts'
import { withoutTokens } from './plan-hooks.ts'
import type { ConfigurationDeps } from './prepare.ts'
import { type Fields, type Present, type PresentState, sourceKey } from './present.ts'
import { type Kind, namesRepository } from './schema.ts'
import type { Wanted, WantedState } from './wanted.ts'

export interface Surroundings {
  present: PresentState
  wanted: WantedState
  confirmEnvironment: string[]
}

/** One change, by the function that any other door uses. `deps.prisma` is the transaction. Repositories are there already. */
export async function perform(
  deps: ConfigurationDeps,
  actor: Actor,
  change: Change,
  around: Surroundings,
): Promise<void> {
  const present = around.present[change.kind].get(change.name) as Present
  if (change.action === 'delete') return remove(deps, actor, change.kind, present, around)
  const wanted = around.wanted[change.kind]?.get(change.name) as Wanted
  const changed = new Set(change.fields.map(({ path }) => path.split('.')[0] as string))
  const some = Object.fromEntries(Object.entries(wanted.fields).filter(([key]) => changed.has(key)))
  const { id } = present ?? {}
  switch (change.kind) {
    case 'environment': {
      if (change.action === 'create')
        return void (await createEnvironment(deps, actor, await withIds(deps, wanted.fields)))
      if (Object.keys(some).length === 0) return // only its place, see orderEnvironments
      const confirmEnvironment = around.confirmEnvironment.find((name) => name === change.name)
      return void (await updateEnvironment(deps, actor, { id, ...(await withIds(deps, some)), confirmEnvironment }))
    }
    case 'repository':
      return changeRepository(deps, actor, present, some)
    case 'source':
      return change.action === 'create'
        ? addSource(deps, actor, wanted)
        : changeSource(deps, actor, present, wanted, some)
    case 'plan': {
      const { webhookTokens } = wanted
      const given = await withIds(deps, change.action === 'create' ? wanted.fields : some)
      if (change.action === 'create') return void (await createPlan(deps, actor, { ...given, webhookTokens }))
      const { confirmEnvironment } = around
      return void (await updatePlan(deps, actor, { id, ...given, webhookTokens, confirmEnvironment }))
    }
    case 'channel':
      return changeChannel(deps, actor, id, wanted, change.action === 'create' ? wanted.fields : some)
    case 'settings':
      return changeSettings(deps, actor, present.fields, some, around)
  }
}

async function changeSettings(
  deps: ConfigurationDeps,
  actor: Actor,
  before: Fields,
  some: Fields,
  { confirmEnvironment }: Surroundings,
): Promise<void> {
  if (some.notificationRecipients) await setNotificationRecipients(deps.prisma, actor, some.notificationRecipients)
  if (!some.options) return
  const [was, wanted] = [before.options, some.options] as Partial<Record<OptionName, string>>[]
  for (const name of optionNames)
    if (was?.[name] !== wanted?.[name])
      await setOption(deps, actor, { name, value: wanted?.[name] ?? null, confirmEnvironment })
}

/** But for where it escalates to, which may come later in the file: see `linkChannels`. */
async function changeChannel(
  deps: ConfigurationDeps,
  actor: Actor,
  id: string | undefined,
  wanted: Wanted,
  some: Fields,
): Promise<void> {
  const { environments, plans, settings: _, escalateTo: __, escalateAfterMinutes: ___, ...others } = some
  const idsOf = (rows: { id: string; name: string }[], names: unknown) =>
    rows.filter(({ name }) => (names as string[]).includes(name)).map((row) => row.id)
  const given = {
    ...others,
    ...('settings' in some && { settings: wanted.settings }),
    ...(environments !== undefined && {
      environmentIds: idsOf(await deps.prisma.environment.findMany(), environments),
    }),
    ...(plans !== undefined && { planIds: idsOf(await deps.prisma.plan.findMany(), plans) }),
  }
  if (id === undefined) return void (await createChannel(deps, actor, given))
  const { kind: ____, ...changes } = given as Fields
  if (Object.keys(changes).length > 0) await updateChannel(deps, actor, { id, ...changes })
}

/** Sets where channels escalate to, once all of them are there. */
export async function linkChannels(
  deps: ConfigurationDeps,
  actor: Actor,
  { wanted, changes }: { wanted: WantedState; changes: Change[] },
): Promise<void> {
  const rows = new Map((await deps.prisma.channel.findMany()).map(({ id, name }) => [name, id]))
  for (const { kind, action, name, fields } of changes) {
    if (kind !== 'channel' || action === 'delete') continue
    const { escalateTo, escalateAfterMinutes = null } = wanted.channel?.get(name)?.fields ?? {}
    const isTouched = fields.some(({ path }) => path === 'escalateTo' || path === 'escalateAfterMinutes')
    if (action === 'create' ? escalateTo === null : !isTouched) continue
    const escalateToId = typeof escalateTo === 'string' ? rows.get(escalateTo) : null
    await updateChannel(deps, actor, { id: rows.get(name), escalateToId, escalateAfterMinutes })
  }
}

async function changeRepository(deps: ConfigurationDeps, actor: Actor, { id }: Present, some: Fields): Promise<void> {
  if (some.options) {
    const options = withoutDefaults(repositoryOptions, some.options)
    await updateRepository(deps, actor, { id, options })
  }
  if (some.default === true) await makeDefault(deps, actor, id)
}

async function addSource(deps: ConfigurationDeps, actor: Actor, { fields, settings }: Wanted): Promise<void> {
  const asked = { ...(await withIds(deps, fields)), settings, untested: true }
  await createSource(deps, actor, asked)
}

async function changeSource(
  deps: ConfigurationDeps,
  actor: Actor,
  { id }: Present,
  wanted: Wanted,
  some: Fields,
): Promise<void> {
  const { enabled, settings: _, settingsMissing, ...others } = some
  const isAboutSettings = 'settings' in some || settingsMissing === false
  const settings = isAboutSettings ? { settings: wanted.settings } : {}
  if (isAboutSettings || Object.keys(others).length > 0)
    await updateSource(deps, actor, { id, ...(await withIds(deps, others)), ...settings, untested: true })
  if (typeof enabled === 'boolean') await setSourceEnabled(deps, actor, id, enabled)
}

async function remove(
  deps: ConfigurationDeps,
  actor: Actor,
  kind: Kind,
  one: Present,
  around: Surroundings,
): Promise<void> {
  const confirmed = (name: unknown) => around.confirmEnvironment.find((each) => each === name)
  if (kind === 'channel') await deleteChannel(deps, actor, one.id)
  if (kind === 'plan') await deletePlan(deps, actor, one.id, around.confirmEnvironment)
  if (kind === 'source') await deleteSource(deps, actor, one.id, confirmed(one.fields.environment))
  if (kind === 'environment') await deleteEnvironment(deps, actor, one.id, confirmed(one.name))
  if (kind === 'repository') await removeRepository(deps, actor, one.id)
}

/** The functions know repositories, and plans their sources, by ids. */
async function withIds({ prisma }: ConfigurationDeps, fields: Fields): Promise<Fields> {
  const { selection, ...others } = withoutTokens(fields)
  const { sources: named } = (selection ?? {}) as { sources?: string[] }
  const idOf = async (name: string) => (await prisma.repository.findUniqueOrThrow({ where: { name } })).id
  const sourceIds = async (names: string[]) => {
    const rows = await prisma.source.findMany({ where: { deletedAt: null }, include: { environment: true } })
    return rows.filter((row) => names.includes(sourceKey(row.environment.name, row.name))).map(({ id }) => id)
  }
  const given: Fields = {}
  for (const [key, value] of Object.entries(others))
    if (namesRepository(key)) given[`${key}Id`] = typeof value === 'string' ? await idOf(value) : null
    else given[key] = value
  if (selection !== undefined) given.selection = named ? { sourceIds: await sourceIds(named) } : selection
  return given
}

/** Puts new environments, and those that moved, where the file has them; those that it leaves out keep their places. */
export async function orderEnvironments(
  deps: ConfigurationDeps,
  actor: Actor,
  { present, wanted, changes }: { present: PresentState; wanted: WantedState; changes: Change[] },
): Promise<void> {
  const file = [...(wanted.environment?.keys() ?? [])]
  const moved = changes.some(
    ({ kind, action, fields }) =>
      kind === 'environment' && (action === 'create' || fields.some(({ path }) => path === 'position')),
  )
  if (!moved) return
  const known = file.filter((name) => present.environment.has(name))
  const inFile = new Set(known)
  const order = [...present.environment.keys()].map((name) => (inFile.has(name) ? (known.shift() as string) : name))
  for (const [at, name] of file.entries()) {
    if (order.includes(name)) continue
    const before = file[at - 1]
    const next = file.slice(at).find((one) => order.includes(one))
    const place =
      before === undefined ? (next === undefined ? order.length : order.indexOf(next)) : order.indexOf(before) + 1
    order.splice(place, 0, name)
  }
  const rows = new Map((await deps.prisma.environment.findMany()).map(({ id, name }) => [name, id]))
  for (const [position, name] of order.filter((one) => rows.has(one)).entries())
    await updateEnvironment(deps, actor, { id: rows.get(name), position })
}
