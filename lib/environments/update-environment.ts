import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { blackoutText } from '#lib/clock/blackouts.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { Environment } from '#prisma/client/client.ts'
import { requireConfirmation } from './confirm.ts'
import { environmentFields } from './create.ts'
import { requireRepository } from './find.ts'

interface Deps {
  prisma: Database
}

const { name, colour, protected: isProtected, timeZone, repositoryId, blackouts } = environmentFields
const updateInput = z.strictObject({
  id: z.string(),
  name: name.optional(),
  colour: colour.optional(),
  protected: isProtected.optional(),
  timeZone: timeZone.optional(),
  repositoryId: repositoryId.optional(),
  blackouts: blackouts.optional(),
  /** Its place among the environments, counted from 0. */
  position: z.int().min(0).optional(),
  confirmEnvironment: z.string().optional(),
})

/**
 * Changes an environment; plans that choose it by its name get the new one. Taking its protection away needs its name as
 * `confirmEnvironment`. Throws FORBIDDEN, INPUT_INVALID, ENVIRONMENT_UNKNOWN, NAME_TAKEN, REPOSITORY_UNKNOWN, ENVIRONMENT_NOT_CONFIRMED.
 */
export async function updateEnvironment(deps: Deps, actor: Actor | null, raw: unknown): Promise<Environment> {
  requireScope(actor, 'settings:write', 'change an environment')
  const { id, confirmEnvironment, position, ...changes } = parseInput(updateInput, raw)
  return withUniqueName('environment', changes.name ?? '', () =>
    deps.prisma.$transaction(async (tx) => {
      const old = await lockEnvironment(tx, id)
      if (changes.protected === false) requireConfirmation(old, confirmEnvironment, 'take its protection away')
      if (changes.repositoryId) await requireRepository(tx, changes.repositoryId)
      if (position !== undefined) await move(tx, id, position)
      const updated = await tx.environment.update({ where: { id }, data: changes })
      if (updated.name !== old.name) await renameInPlans(tx, old.name, updated.name)
      const { blackouts, ...others } = changes
      await record(tx, {
        actor,
        action: 'environment.update',
        target: { type: 'environment', id },
        details: {
          ...others,
          ...(blackouts && { blackouts: blackouts.map(blackoutText) }),
          ...(position !== undefined && { position }),
        },
      })
      return updated
    }),
  )
}

/**
 * Deletes an environment that nothing was ever saved of: its sources, and the history of deleted ones, would go with it.
 * Throws FORBIDDEN, ENVIRONMENT_UNKNOWN, ENVIRONMENT_IN_USE, ENVIRONMENT_NOT_CONFIRMED.
 */
export async function deleteEnvironment(
  deps: Deps,
  actor: Actor | null,
  id: string,
  confirmEnvironment?: string | null,
): Promise<void> {
  requireScope(actor, 'settings:write', 'delete an environment')
  await deps.prisma.$transaction(async (tx) => {
    const environment = await lockEnvironment(tx, id)
    requireConfirmation(environment, confirmEnvironment, 'delete it')
    const sources = await tx.source.count({ where: { environmentId: id } })
    if (sources > 0) throw new CodedError('ENVIRONMENT_IN_USE', { name: environment.name, sources })
    await tx.environment.delete({ where: { id } })
    await record(tx, {
      actor,
      action: 'environment.delete',
      target: { type: 'environment', id },
      details: { name: environment.name },
    })
  })
}

async function lockEnvironment(tx: Transaction, id: string): Promise<Environment> {
  const found = z.uuid().safeParse(id).success
    ? await tx.$queryRaw<unknown[]>`select 1 from environments where id = ${id}::uuid for update`
    : []
  if (found.length > 0) return tx.environment.findUniqueOrThrow({ where: { id } })
  const known = await tx.environment.findMany({ select: { name: true }, orderBy: { position: 'asc' } })
  throw new CodedError('ENVIRONMENT_UNKNOWN', { name: id, known: known.map((one) => one.name) })
}

/** Plans choose environments by their names: without this they would leave its sources out from now on. */
async function renameInPlans(tx: Transaction, from: string, to: string): Promise<void> {
  await tx.$executeRaw`
    update plans set selection = jsonb_set(selection, '{environments}', (
      select jsonb_agg(case when name = ${from} then ${to} else name end order by place)
      from jsonb_array_elements_text(selection->'environments') with ordinality as chosen (name, place)))
    where selection->'environments' @> to_jsonb(${from}::text)`
}

/** Numbers all of them anew, with this one at its new place. */
async function move(tx: Transaction, id: string, position: number): Promise<void> {
  const others = await tx.environment.findMany({
    where: { id: { not: id } },
    orderBy: [{ position: 'asc' }, { name: 'asc' }],
    select: { id: true },
  })
  const order = others.map((one) => one.id)
  order.splice(position, 0, id)
  for (const [place, one] of order.entries())
    await tx.environment.update({ where: { id: one }, data: { position: place } })
}
