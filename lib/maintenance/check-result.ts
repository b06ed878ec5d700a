import { z } from 'zod'

/** A snapshot that refers to what is damaged. */
export const touchedSnapshot = z.object({
  snapshotId: z.string(),
  /** Null: it was not made by this installation, or its run is gone. */
  runId: z.string().nullable(),
  sourceId: z.string().nullable(),
  /** Of the source; empty: all of it. */
  part: z.string().default(''),
  /** What people call it: the source with its part, else what was saved. */
  name: z.string(),
})

export type TouchedSnapshot = z.infer<typeof touchedSnapshot>

const ids = z.array(z.string()).default([])

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
  /** Ids of packs that are not there; of directories that cannot be read or lack data, 8 digits; of snapshots and keys that cannot be read. */
  missingPacks: ids,
  damagedTrees: ids,
  damagedSnapshots: ids,
  damagedKeys: ids,
  touched: z.array(touchedSnapshot).default([]),
  /** False: there may be more, as when looking took too long. */
  touchedInFull: z.boolean().default(true),
  /** The part of the data that was read, 1 of 1 being all of it. Null: the structure alone was checked. */
  share: z.object({ number: z.int(), of: z.int() }).nullable(),
})

export type CheckFindings = z.infer<typeof checkResult>
export type Share = NonNullable<CheckFindings['share']>
