import type { Readable } from 'node:stream'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { hit } from '#lib/auth/rate-limit.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'
import { driverContext } from './driver-context.ts'
import { findSource } from './find.ts'
import { type LookConfig, seesEnvironment } from './look.ts'
import { openSecrets } from './sources.ts'

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
  config: Pick<Config, 'STALL_TIMEOUT'> & LookConfig
  /** See lib/runtime. */
  driverOf: (kind: string) => SourceDriver
}

/**
 * All that a source holds of one person, as a ZIP that is made while it is read; see `exportPerson` of the drivers. Written into
 * the audit log, with the person's id, before the first byte. A reader that takes nothing for STALL_TIMEOUT is cut off, since
 * it keeps a transaction of the database open. Throws UNAUTHENTICATED, FORBIDDEN, INPUT_INVALID, SOURCE_UNKNOWN,
 * SOURCE_DISABLED, SOURCE_OUT_OF_SIGHT, RATE_LIMITED, USER_DATA_* and whatever the driver finds.
 */
export async function exportPersonOf(
  deps: ExportDeps,
  actor: Actor | null,
  raw: unknown,
  signal: AbortSignal,
): Promise<{ zip: Readable; filename: string }> {
  requireScope(actor, 'user-data:export', 'export a person’s data')
  const { source: id, person } = parseInput(request, raw)
  const source = await findSource(deps.prisma, id)
  const driver = deps.driverOf(source.kind)
  const { name: environment } = source.environment
  if (driver.exportPerson === undefined) throw new CodedError('USER_DATA_NOT_PER_PERSON', {})
  if (!source.enabled) throw new CodedError('SOURCE_DISABLED', { name: source.name })
  if (!seesEnvironment(deps.config, environment)) throw new CodedError('SOURCE_OUT_OF_SIGHT', { environment })
  await countAndRecord(deps.prisma, actor, id, person)
  const plain = source.settings as Record<string, unknown>
  const settings = parseInput(driver.settings, joinSettings(plain, openSecrets(source, deps.secretKey)), 'settings')

  const stalled = new AbortController()
  const seconds = deps.config.STALL_TIMEOUT
  const timer = setTimeout(() => stalled.abort(new CodedError('SOURCE_STALLED', { seconds })), seconds * 1000)
  const ctx = driverContext(deps.config, {
    signal: AbortSignal.any([signal, stalled.signal]),
    scratch: '', // an export of one person writes nothing
    progress: () => timer.refresh(),
  })
  try {
    const zip = await driver.exportPerson(settings, person, ctx)
    zip.once('close', () => clearTimeout(timer))
    return { zip, filename: `user-data-${person.replace(/[^a-zA-Z0-9_-]/g, '_')}.zip` }
  } catch (error) {
    clearTimeout(timer)
    throw error
  }
}

async function countAndRecord(prisma: Database, actor: Actor, source: string, person: string): Promise<void> {
  await prisma.$transaction(async (tx) => {
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
      target: { type: 'source', id: source },
      details: { person },
    })
  }, PATIENTLY)
}
