import { z } from 'zod'

const problem = z.object({ code: z.string(), message: z.string(), remedy: z.string() })
/** RFC 3339. */
const time = z.iso.datetime()

/** What people are told about a repository. */
export const repositoryNotice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unreachable'), since: time, problem }),
  z.object({ kind: z.literal('reachable'), since: time.nullable(), at: time }),
  /** A check found it damaged; in restic's words, the first of them. */
  z.object({ kind: z.literal('damaged'), at: time, problems: z.array(z.string()), brokenPacks: z.int() }),
  z.object({ kind: z.literal('task-failed'), task: z.string(), at: time, attempts: z.int(), problem }),
])

export type RepositoryNotice = z.infer<typeof repositoryNotice>
