import { z } from 'zod'

const problem = z.object({ code: z.string(), message: z.string(), remedy: z.string() })
/** RFC 3339. */
const time = z.iso.datetime()

/** What people are told about a repository. */
export const repositoryNotice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unreachable'), since: time, problem }),
  z.object({ kind: z.literal('reachable'), since: time.nullable(), at: time }),
  /** A check found it damaged: the first problems in restic's words, and what people call the snapshots that are touched. */
  z.object({
    kind: z.literal('damaged'),
    at: time,
    problems: z.array(z.string()),
    touched: z.array(z.string()),
    touchedInFull: z.boolean(),
  }),
  z.object({
    kind: z.literal('restore-ended'),
    restoreId: z.string(),
    /** What people call the source, with its part. */
    source: z.string(),
    /** A folder, “the database “shop_copy””, a file. */
    into: z.string(),
    state: z.enum(['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'INTERRUPTED']),
    at: time,
    requestedBy: z.string(),
    problem: problem.nullable(),
  }),
  z.object({
    kind: z.literal('restore-approval'),
    restoreId: z.string(),
    /** With the environments: “staging: shop”. */
    source: z.string(),
    into: z.string(),
    at: time,
    requestedBy: z.string(),
    /** After so many it fails. */
    hours: z.int(),
  }),
  z.object({
    kind: z.literal('verification-ended'),
    restoreId: z.string(),
    /** What people call the source, with its part. */
    source: z.string(),
    at: time,
    requestedBy: z.string(),
    /** It was restored, and is not what was saved. */
    isMismatch: z.boolean(),
    problem,
  }),
  z.object({ kind: z.literal('task-failed'), task: z.string(), at: time, attempts: z.int(), problem }),
])

export type RepositoryNotice = z.infer<typeof repositoryNotice>
