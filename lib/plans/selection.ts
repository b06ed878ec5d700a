import { z } from 'zod'
import { nameInput } from '#lib/errors/parse-input.ts'
import type { Prisma } from '#prisma/client/client.ts'
import type { SourceType } from '#prisma/client/enums.ts'

/** Which sources a plan takes: named ones, or all, new ones included, that fit every list that is not empty. */
export const selectionInput = z.union([
  z.strictObject({
    environments: z.array(nameInput).max(100).default([]),
    types: z.array(z.enum(['DATABASE', 'USER_DATA', 'STORAGE'])).default([]),
    tags: z.array(nameInput).max(100).default([]),
  }),
  z.strictObject({ sourceIds: z.array(z.uuid('must be a source’s id')).min(1, 'may not be empty').max(1000) }),
])

export type Selection = z.output<typeof selectionInput>

interface Candidate {
  id: string
  kind: string
  type: SourceType
  enabled: boolean
  tags: string[]
  environment: { name: string }
}

/** A plan that takes all of its environments makes full backups, which hold the installation itself as well. */
export const takesAll = (selection: Selection): boolean =>
  !('sourceIds' in selection) && selection.types.length === 0 && selection.tags.length === 0

/**
 * The enabled sources that a plan takes now. One of its tags is enough. The installation is no database of an environment: it
 * comes with all, whichever environments those are of, or by its name or tag.
 */
export function select<S extends Candidate>(selection: Selection, sources: readonly S[]): S[] {
  const enabled = sources.filter((source) => source.enabled)
  if ('sourceIds' in selection) return enabled.filter((source) => selection.sourceIds.includes(source.id))
  const { environments, types, tags } = selection
  const fits = (source: S) =>
    (environments.length === 0 || environments.includes(source.environment.name)) &&
    (types.length === 0 || types.includes(source.type as (typeof types)[number])) &&
    (tags.length === 0 || source.tags.some((tag) => tags.includes(tag)))
  return enabled.filter((source) =>
    source.kind === 'installation' && tags.length === 0 ? takesAll(selection) : fits(source),
  )
}

/**
 * What the database leaves out beforehand: none that `select` takes, but nearly all others, since each of a thousand plans that
 * are due at once would read a thousand sources for the one that it takes.
 */
export function couldTake(selection: Selection): Prisma.SourceWhereInput {
  if ('sourceIds' in selection) return { enabled: true, id: { in: selection.sourceIds } }
  const { environments, types, tags } = selection
  return {
    enabled: true,
    ...(types.length > 0 && { type: { in: types } }),
    ...(tags.length > 0 && { tags: { hasSome: tags } }),
    ...(environments.length > 0 && { OR: [{ environment: { name: { in: environments } } }, { kind: 'installation' }] }),
  }
}
