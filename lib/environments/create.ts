import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { blackoutsInput, leavesTime } from '#lib/clock/blackouts.ts'
import type { Database } from '#lib/database/database.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { nameInput, parseInput, tagsInput, timeZoneInput } from '#lib/errors/parse-input.ts'
import { replaceSettings } from '#lib/forms/kept-secrets.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import type { SourceProbe } from '#lib/sources/driver.ts'
import type { Environment, Source } from '#prisma/client/client.ts'
import { assertionsInput } from './assertions.ts'
import { findEnvironment, requireRepository } from './find.ts'
import { requireNoInstallationSource } from './installation-source.ts'
import { look, seesEnvironment } from './look.ts'
import { maskingInput } from './masking.ts'
import { addSource } from './sources.ts'
import type { TryDeps } from './try.ts'

export const environmentFields = {
  name: nameInput.regex(/^[\p{L}\p{N}._-]+$/u, 'may hold letters, digits, “.”, “_” and “-”'),
  colour: z.enum(['slate', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink']),
  protected: z.boolean(),
  timeZone: timeZoneInput,
  /** Null: the default repository. */
  repositoryId: z.uuid('must be a repository’s id').nullable(),
  /** When no plan starts with its sources, in its time zone. */
  blackouts: blackoutsInput.refine(
    (blackouts) => leavesTime(blackouts, () => true),
    'leave no time at which plans may start',
  ),
}
export const environmentInput = z.strictObject({
  name: environmentFields.name,
  colour: environmentFields.colour.default('slate'),
  protected: environmentFields.protected.default(false),
  timeZone: environmentFields.timeZone.default('UTC'),
  repositoryId: environmentFields.repositoryId.default(null),
  blackouts: environmentFields.blackouts.default([]),
})
const sourceInput = z.strictObject({
  environment: z.string(),
  name: nameInput,
  kind: z.string(),
  settings: z.record(z.string(), z.unknown()),
  enabled: z.boolean().default(true),
  repositoryId: z.string().nullish(),
  tags: tagsInput.default([]),
  /** Null: as its plans say. */
  maxAgeHours: z.int().min(1).max(100_000).nullable().default(null),
  assertions: assertionsInput.default([]),
  maskingSql: maskingInput.default(null),
  /** Not all of its settings are known yet: it is disabled until somebody enters them. */
  settingsMissing: z.boolean().default(false),
  untested: z.boolean().default(false),
})

/** Adds an environment after the others. Throws FORBIDDEN, INPUT_INVALID, NAME_TAKEN, REPOSITORY_UNKNOWN. */
export async function createEnvironment(
  deps: { prisma: Database },
  actor: Actor | null,
  raw: unknown,
): Promise<Environment> {
  requireScope(actor, 'settings:write', 'add an environment')
  const input = parseInput(environmentInput, raw)
  return withUniqueName('environment', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      if (input.repositoryId) await requireRepository(tx, input.repositoryId)
      const position = await tx.environment.count()
      const made = await tx.environment.create({ data: { ...input, position } })
      await record(tx, { actor, action: 'environment.create', target: { type: 'environment', id: made.id } })
      return made
    }),
  )
}

/**
 * Adds a source, after its driver has looked at it: what cannot be read now is refused now, not at the first backup. The
 * look is skipped where `untested` asks for it, and in a process that does not back up the environment, since the worker
 * may be on another machine. Without a repository of its own it is saved in its environment's, else the default one.
 * Throws FORBIDDEN, INPUT_INVALID, SOURCE_KIND_UNKNOWN, ENVIRONMENT_UNKNOWN, REPOSITORY_UNKNOWN, NAME_TAKEN,
 * INSTALLATION_SOURCE_EXISTS and what `look` and the driver throw.
 */
export async function createSource(
  deps: TryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<{ source: Source; probe: SourceProbe | null }> {
  requireScope(actor, 'settings:write', 'add a source')
  const input = parseInput(sourceInput, raw)
  const environment = await findEnvironment(deps.prisma, input.environment)
  if (input.kind === 'installation' && !input.settingsMissing) await requireNoInstallationSource(deps.prisma)
  const driver = deps.driverOf(input.kind)
  const { plain, secrets } = replaceSettings(driver, input.settings, {})
  const { settingsMissing } = input
  const settings = settingsMissing ? undefined : parseInput(driver.settings, joinSettings(plain, secrets), 'settings')
  const isSeen = !settingsMissing && !input.untested && seesEnvironment(deps.config, environment.name)
  const probe = isSeen ? await look(deps.config, signal, (ctx) => driver.probe(settings, ctx)) : null
  const source = await withUniqueName('source', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      const { name, kind, tags, maxAgeHours, assertions, maskingSql, repositoryId = null } = input
      const enabled = input.enabled && !settingsMissing
      if (repositoryId !== null) await requireRepository(tx, repositoryId)
      const joined = joinSettings(plain, secrets)
      const environmentId = environment.id
      const request = {
        environmentId,
        repositoryId,
        name,
        kind,
        settings: joined,
        enabled,
        tags,
        maxAgeHours,
        assertions,
        maskingSql,
      }
      const made = await addSource(tx, deps.secretKey, { ...request, settingsMissing })
      await record(tx, {
        actor,
        action: 'source.create',
        target: { type: 'source', id: made.id },
        details: { kind, tested: isSeen, repositoryId },
      })
      return made
    }),
  )
  return { source, probe }
}
