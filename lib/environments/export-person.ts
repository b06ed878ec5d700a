import type { Readable } from 'node:stream'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { hit } from '#lib/auth/rate-limit.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { exportPerson } from '#lib/sources/user-data/person-export.ts'
import type { UserDataSettings } from '#lib/sources/user-data/settings.ts'
import type { Source } from '#prisma/client/client.ts'
import { type DriverConfig, driverContext } from './driver-context.ts'
import { openSource } from './sources.ts'

const EXPORTS_A_MINUTE = 10
const PATIENTLY = { maxWait: 20_000, timeout: 20_000 }

const request = z.strictObject({
  source: z.string('is missing').min(1, 'is missing').max(100, 'is too long'),
  person: z
    .string('is missing')
    .min(1, 'is missing')
    .max(200, 'may have at most 200 characters')
    .regex(/^[^\p{Cc}]*$/u, 'may not hold control characters'),
})

interface ExportDeps {
  prisma: Database
  secretKey: SecretKey
  config: Pick<Config, 'STALL_TIMEOUT'> & DriverConfig
}

/**
 * All that a source of kind user-data holds of one person, as a ZIP that is made while it is read; see `exportPerson`.
 * Written into the audit log, with the person's id, before the first byte. A reader that takes nothing for STALL_TIMEOUT is
 * cut off, since it keeps a transaction of the database open. Throws UNAUTHENTICATED, FORBIDDEN, INPUT_INVALID,
 * SOURCE_UNKNOWN, SOURCE_DISABLED, RATE_LIMITED, USER_DATA_* and whatever the driver finds.
 */
export async function exportPersonOf(
  deps: ExportDeps,
  actor: Actor | null,
  raw: unknown,
  signal: AbortSignal,
): Promise<{ zip: Readable; filename: string }> {
  requireScope(actor, 'user-data:export', 'export a person’s data')
  const parsed = request.safeParse(raw)
  if (!parsed.success)
    throw new CodedError('INPUT_INVALID', {
      issues: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), problem: issue.message })),
    })
  const { person } = parsed.data
  const source = await admit(deps.prisma, actor, parsed.data)
  const { settings } = openSource(source, deps.secretKey)

  const stalled = new AbortController()
  const seconds = deps.config.STALL_TIMEOUT
  const timer = setTimeout(() => stalled.abort(new CodedError('SOURCE_STALLED', { seconds })), seconds * 1000)
  const ctx = driverContext(deps.config, {
    signal: AbortSignal.any([signal, stalled.signal]),
    scratch: '',
    progress: () => timer.refresh(),
  })
  try {
    const zip = await exportPerson(settings as UserDataSettings, person, ctx)
    zip.once('close', () => clearTimeout(timer))
    return { zip, filename: `user-data-${person.replace(/[^a-zA-Z0-9_-]/g, '_')}.zip` }
  } catch (error) {
    clearTimeout(timer)
    throw error
  }
}

/** Counts, and writes down who asks for whom. */
async function admit(prisma: Database, actor: Actor, asked: { source: string; person: string }): Promise<Source> {
  return prisma.$transaction(async (tx) => {
    const isId = z.uuid().safeParse(asked.source).success
    const source = isId ? await tx.source.findFirst({ where: { id: asked.source, deletedAt: null } }) : null
    if (!source) throw new CodedError('SOURCE_UNKNOWN', { id: asked.source })
    if (source.kind !== 'user-data') throw new CodedError('USER_DATA_NOT_PER_PERSON', {})
    if (!source.enabled) throw new CodedError('SOURCE_DISABLED', { name: source.name })
    const wait = await hit(tx, `user-data-export:${actor.userId}`, EXPORTS_A_MINUTE, 60)
    if (wait > 0)
      throw new CodedError('RATE_LIMITED', {
        limit: EXPORTS_A_MINUTE,
        retryAfterSeconds: wait,
        what: 'exports of a person were asked for',
      })
    await record(tx, {
      actor,
      action: 'user-data.export',
      target: { type: 'source', id: source.id },
      details: { person: asked.person },
    })
    return source
  }, PATIENTLY)
}
