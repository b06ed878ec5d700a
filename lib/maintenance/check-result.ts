import { z } from 'zod'

/** What a CHECK task that SUCCEEDED found: the check was made, which says nothing about the repository being well. */
export const checkResult = z.object({
  /** False: the repository is damaged. */
  sound: z.boolean(),
  /** In restic's words. */
  problems: z.array(z.string()),
  /** Ids of packs whose content is wrong. */
  brokenPacks: z.array(z.string()),
  suggestRepairIndex: z.boolean(),
  suggestPrune: z.boolean(),
  /** The part of the data that was read, 1 of 1 being all of it. Null: the structure alone was checked. */
  share: z.object({ number: z.int(), of: z.int() }).nullable(),
})

export type CheckFindings = z.infer<typeof checkResult>
export type Share = NonNullable<CheckFindings['share']>
