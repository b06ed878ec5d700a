import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Clock } from '#lib/clock/now.ts'
import type { Transaction } from '#lib/database/database.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { nameInput, parseInput, tagsInput } from '#lib/errors/parse-input.ts'
import { replaceSettings } from '#lib/forms/kept-secrets.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import type { SourceProbe } from '#lib/sources/driver.ts'
import type { Source } from '#prisma/client/client.ts'
import { assertionsInput } from './assertions.ts'
import { requireConfirmation } from './confirm.ts'
import { findSource, requireRepository } from './find.ts'
import { requireNoInstallationSource } from './installation-source.ts'
import { look, seesEnvironment } from './look.ts'
import { maskingInput } from './masking.ts'
import { openSecrets, sealSecrets } from './sources.ts'
import type { TryDeps } from './try.ts'

const changeInput = z.strictObject({
  id: z.string(),
  name: nameInput.optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  repositoryId: z.string().nullable().optional(),
  tags: tagsInput.optional(),
  /** Null: as its plans say. */
  maxAgeHours: z.int().min(1).max(100_000).nullable().optional(),
  assertions: assertionsInput.optional(),
  maskingSql: maskingInput.optional(),
  untested: z.boolean().default(false),
})

/**
 * Changes a source's name, its tags, its assertions, its masking SQL, its settings, or the repository that it is saved in from now on (null: that of its
 * environment, else the default one). New settings replace the old ones whole, but for secrets: those left out or empty stay,
 * null takes one away. Changed settings are looked at first, as in `createSource`; runs under way go on with what
 * they began with. Throws FORBIDDEN, INPUT_INVALID, SOURCE_UNKNOWN, REPOSITORY_UNKNOWN, NAME_TAKEN, INSTALLATION_SOURCE_EXISTS and
 * what `look` and the driver throw.
 */
export async function updateSource(
  deps: TryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<{ source: Source; probe: SourceProbe | null }> {
  requireScope(actor, 'settings:write', 'change a source')
  const input = parseInput(changeInput, raw)
  const source = await findSource(deps.prisma, input.id)
  const driver = deps.driverOf(source.kind)
  const stored = openSecrets(source, deps.secretKey)
  const { plain, secrets } = input.settings
    ? replaceSettings(driver, input.settings, stored)
    : { plain: source.settings as Record<string, unknown>, secrets: stored }
  const before = { plain: source.settings, secrets: { ...stored } }
  const isMissing = source.settingsMissing && !input.settings
  const changed =
    !isMissing && (source.settingsMissing || !isDeepStrictEqual(before, { plain, secrets: { ...secrets } }))
  if (changed && source.kind === 'installation') await requireNoInstallationSource(deps.prisma)
  const settings = isMissing ? undefined : parseInput(driver.settings, joinSettings(plain, secrets), 'settings')
  const isSeen = changed && !input.untested && seesEnvironment(deps.config, source.environment.name)
  const probe = isSeen ? await look(deps.config, signal, (ctx) => driver.probe(settings, ctx)) : null
  const name = input.name ?? source.name
  const updated = await withUniqueName('source', name, () =>
    deps.prisma.$transaction(async (tx) => {
      await lockSource(tx, source.id)
      const { repositoryId = source.repositoryId } = input
      if (repositoryId !== null) await requireRepository(tx, repositoryId)
      const made = await tx.source.update({
        where: { id: source.id },
        data: {
          name,
          repositoryId,
          ...(input.tags && { tags: input.tags }),
          ...(input.maxAgeHours !== undefined && { maxAgeHours: input.maxAgeHours }),
          ...(input.assertions && { assertions: input.assertions }),
          ...(input.maskingSql !== undefined && { maskingSql: input.maskingSql }),
          ...(changed && {
            settings: plain as object,
            settingsMissing: false,
            sealedSecrets: sealSecrets(deps.secretKey, source.id, secrets),
          }),
        },
      })
      await record(tx, {
        actor,
        action: 'source.update',
        target: { type: 'source', id: source.id },
        details: { name, settingsChanged: changed, tested: isSeen, repositoryId },
      })
      return made
    }),
  )
  return { source: updated, probe }
}

/** A disabled source is left out of every backup; runs under way go on. Throws FORBIDDEN, SOURCE_UNKNOWN, SOURCE_SETTINGS_MISSING. */
export async function setSourceEnabled(
  deps: Pick<TryDeps, 'prisma'>,
  actor: Actor | null,
  id: string,
  enabled: boolean,
): Promise<Source> {
  requireScope(actor, 'settings:write', enabled ? 'enable a source' : 'disable a source')
  return deps.prisma.$transaction(async (tx) => {
    const source = await findSource(tx, id)
    await lockSource(tx, source.id)
    if (enabled && source.settingsMissing) throw new CodedError('SOURCE_SETTINGS_MISSING', { name: source.name })
    await record(tx, {
      actor,
      action: enabled ? 'source.enable' : 'source.disable',
      target: { type: 'source', id: source.id },
    })
    return tx.source.update({ where: { id: source.id }, data: { enabled } })
  })
}

/**
 * Deletes a source: its secrets go and its name is free again, while its history and its snapshots stay. Throws FORBIDDEN,
 * SOURCE_UNKNOWN, ENVIRONMENT_NOT_CONFIRMED, and SOURCE_IN_USE while a backup of it is queued or running.
 */
export async function deleteSource(
  deps: Pick<TryDeps, 'prisma'> & { clock: Clock },
  actor: Actor | null,
  id: string,
  confirmEnvironment?: string | null,
): Promise<Source> {
  requireScope(actor, 'settings:write', 'delete a source')
  return deps.prisma.$transaction(async (tx) => {
    const source = await findSource(tx, id)
    requireConfirmation(source.environment, confirmEnvironment, 'delete a source')
    await lockSource(tx, source.id)
    const active = await tx.backupRun.findMany({
      where: { sourceId: source.id, state: { in: ['QUEUED', 'RUNNING'] } },
      select: { backupId: true },
    })
    if (active.length > 0)
      throw new CodedError('SOURCE_IN_USE', {
        name: source.name,
        backupIds: [...new Set(active.map((run) => run.backupId))],
      })
    await record(tx, {
      actor,
      action: 'source.delete',
      target: { type: 'source', id: source.id },
      details: { name: source.name, kind: source.kind, environment: source.environment.name },
    })
    return tx.source.update({
      where: { id: source.id },
      data: { deletedAt: deps.clock.now(), enabled: false, sealedSecrets: null },
    })
  })
}

/**
 * Waits for triggers that are being admitted with this source: a new run's foreign key and this lock exclude each other.
 * Throws SOURCE_UNKNOWN when somebody has deleted it meanwhile.
 */
async function lockSource(tx: Transaction, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    select 1 from sources where id = ${id}::uuid and deleted_at is null for update`
  if (rows.length === 0) throw new CodedError('SOURCE_UNKNOWN', { id })
}
