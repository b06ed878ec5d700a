import { z } from 'zod'
import { nameInput } from '#lib/errors/parse-input.ts'
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
  type: SourceType
  enabled: boolean
  tags: string[]
  environment: { name: string }
}

/** The enabled sources that a plan takes now. One of its tags is enough. */
export function select<S extends Candidate>(selection: Selection, sources: readonly S[]): S[] {
  const enabled = sources.filter((source) => source.enabled)
  if ('sourceIds' in selection) return enabled.filter((source) => selection.sourceIds.includes(source.id))
  const { environments, types, tags } = selection
  return enabled.filter(
    (source) =>
      (environments.length === 0 || environments.includes(source.environment.name)) &&
      (types.length === 0 || types.includes(source.type as (typeof types)[number])) &&
      (tags.length === 0 || source.tags.some((tag) => tags.includes(tag))),
  )
}
