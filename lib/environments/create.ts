import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { SourceProbe } from '#lib/sources/driver.ts'
import type { Environment, Source } from '#prisma/client/client.ts'
import { Prisma } from '#prisma/client/client.ts'
import { type DriverConfig, driverContext } from './driver-context.ts'
import { addSource, checkSettings } from './sources.ts'

const PROBE_TIMEOUT_MS = 15_000

const name = z
  .string()
  .trim()
  .min(1, 'may not be empty')
  .max(100, 'may have at most 100 characters')
  .regex(/^[^\p{Cc}]+$/u, 'may not hold control characters')
const environmentInput = z.strictObject({
  name: name.regex(/^[\p{L}\p{N}._-]+$/u, 'may hold letters, digits, “.”, “_” and “-”'),
  colour: z.enum(['slate', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink']).default('slate'),
  protected: z.boolean().default(false),
})
const sourceInput = z.strictObject({
  environment: z.string(),
  name,
  kind: z.string(),
  settings: z.record(z.string(), z.unknown()),
})

interface CreateDeps {
  prisma: Database
  secretKey: SecretKey
  config: Pick<Config, 'ROLE'> & DriverConfig
}

/** Adds an environment after the others. Throws FORBIDDEN, INPUT_INVALID, NAME_TAKEN. */
export async function createEnvironment(deps: CreateDeps, actor: Actor | null, raw: unknown): Promise<Environment> {
  requireScope(actor, 'settings:write', 'add an environment')
  const input = parse(environmentInput, raw)
  return unique('environment', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      const position = await tx.environment.count()
      const made = await tx.environment.create({ data: { ...input, position } })
      await record(tx, { actor, action: 'environment.create', target: { type: 'environment', id: made.id } })
      return made
    }),
  )
}

/**
 * Adds a source, after its driver has looked at it: what cannot be read now is refused now, not at the first backup. The
 * look is skipped in a process that runs no backups, since the worker may be on another machine.
 * Throws FORBIDDEN, INPUT_INVALID, SOURCE_KIND_UNKNOWN, ENVIRONMENT_UNKNOWN, NAME_TAKEN and whatever the driver finds.
 */
export async function createSource(
  deps: CreateDeps,
  actor: Actor | null,
  raw: unknown,
): Promise<{ source: Source; probe: SourceProbe | null }> {
  requireScope(actor, 'settings:write', 'add a source')
  const input = parse(sourceInput, raw)
  const environments = await deps.prisma.environment.findMany({ orderBy: { position: 'asc' } })
  const environment = environments.find((candidate) => candidate.name === input.environment)
  if (!environment)
    throw new CodedError('ENVIRONMENT_UNKNOWN', { name: input.environment, known: environments.map((e) => e.name) })
  const probe = deps.config.ROLE === 'web' ? null : await probeSettings(deps, input.kind, input.settings)
  const source = await unique('source', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      const made = await addSource(tx, deps.secretKey, { ...input, environmentId: environment.id })
      await record(tx, {
        actor,
        action: 'source.create',
        target: { type: 'source', id: made.id },
        details: { kind: input.kind },
      })
      return made
    }),
  )
  return { source, probe }
}

async function probeSettings(deps: CreateDeps, kind: string, settings: Record<string, unknown>): Promise<SourceProbe> {
  const { driver, settings: parsed } = checkSettings(kind, settings)
  const scratch = await mkdtemp(join(tmpdir(), 'backup-trigger-probe-'))
  try {
    return await driver.probe(
      parsed,
      driverContext(deps.config, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS), scratch }),
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function parse<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new CodedError('INPUT_INVALID', {
    issues: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), problem: issue.message })),
  })
}

async function unique<T>(what: string, taken: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      throw new CodedError('NAME_TAKEN', { what, name: taken }, { cause: error })
    throw error
  }
}
