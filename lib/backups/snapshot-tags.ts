import { z } from 'zod'
import type { Database } from '#lib/database/database.ts'
import { nameInput } from '#lib/errors/parse-input.ts'
import type { BackupRun, Environment, Source } from '#prisma/client/client.ts'
import { SourceType } from '#prisma/client/enums.ts'

/*
 * What a snapshot of ours says about itself, so that everything that was saved can be found again by its repository alone
 * (adopt.ts). Values with free text are encoded, since restic splits tags at commas. `whole:<run>` and `whole-backup:<backup>` are
 * about the run before: restic fixes the tags when it begins, so that no snapshot can say of itself how its run ended.
 */

/** The tags of a new snapshot. */
export function snapshotTags(
  run: BackupRun,
  source: Source & { environment: Environment },
  before: Whole | null,
): string[] {
  return [
    `run:${run.id}`,
    `backup:${run.backupId}`,
    `source:${source.id}`,
    `name:${encodeURIComponent(source.name)}`,
    `kind:${source.kind}`,
    `env:${source.environment.name}`,
    `type:${source.type}`,
    ...(run.part === '' ? [] : [`part:${encodeURIComponent(run.part)}`]),
    ...(before === null ? [] : [`whole:${before.runId}`]),
    ...(before === null || before.backupId === null ? [] : [`whole-backup:${before.backupId}`]),
  ]
}

export interface Whole {
  runId: string
  /** Null: something else of its backup was not saved whole. */
  backupId: string | null
}

/** The newest run of the same that is known to be whole. */
export async function newestWhole(
  prisma: Database,
  { sourceId, part, repositoryId }: BackupRun,
): Promise<Whole | null> {
  const found = await prisma.backupRun.findFirst({
    where: { sourceId, part, repositoryId, state: 'SUCCEEDED' },
    orderBy: { finishedAt: 'desc' },
    include: { backup: { select: { state: true } } },
  })
  return found && { runId: found.id, backupId: found.backup.state === 'SUCCEEDED' ? found.backupId : null }
}

const decoded = z.string().transform((text, context) => {
  try {
    return decodeURIComponent(text)
  } catch {
    context.addIssue('is not encoded')
    return z.NEVER
  }
})

/** Somebody else may have written them: everything is checked like what comes through a door. */
const ownTags = z.object({
  run: z.uuid(),
  source: z.uuid(),
  env: nameInput,
  type: z.enum(SourceType),
  backup: z.uuid().optional(),
  name: decoded.pipe(nameInput).optional(),
  kind: z
    .string()
    .regex(/^[a-z0-9-]{1,50}$/)
    .optional(),
  part: decoded.pipe(z.string().max(1000)).optional(),
  whole: z.uuid().optional(),
  'whole-backup': z.uuid().optional(),
})

export type OwnTags = z.output<typeof ownTags>

/** Null for a snapshot that is none of ours. Ones of earlier versions lack the tags that are optional. */
export function readTags(tags: readonly string[]): OwnTags | null {
  const pairs = tags.map((tag) => {
    const at = tag.indexOf(':')
    return [tag.slice(0, at), tag.slice(at + 1)] as const
  })
  const parsed = ownTags.safeParse(Object.fromEntries(pairs))
  return parsed.success ? parsed.data : null
}
