import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { parseVariable } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { requireConfirmation } from '#lib/environments/confirm.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { announce, SETTINGS } from '#lib/events/feed.ts'
import { keyOf, type OptionConfig, type OptionState, optionNames, options, readOptions } from './options.ts'

interface Deps {
  prisma: Database
  config: OptionConfig
}

const input = z.strictObject({
  name: z.enum(optionNames, `must be one of ${optionNames.join(', ')}`),
  /** As an environment variable would have it; null: the environment variable counts again. */
  value: z.string().max(1000, 'is too long').nullable(),
  confirmEnvironment: z.array(z.string()).nullish(),
})

/**
 * Sets an option for the installation, or takes back what was set; it holds at once, in all processes. Keeping backups for
 * fewer days needs the names of protected environments as `confirmEnvironment`. Throws FORBIDDEN, INPUT_INVALID,
 * ENVIRONMENT_NOT_CONFIRMED.
 */
export async function setOption({ prisma, config }: Deps, actor: Actor | null, raw: unknown): Promise<OptionState> {
  requireScope(actor, 'settings:write', 'change an option')
  const { name, value, confirmEnvironment } = parseInput(input, raw)
  const text = value === null ? null : textOf(name, value)
  const key = keyOf(name)
  return prisma.$transaction(async (tx) => {
    // One after the other, or a change that keeps for fewer days could be compared with what is no longer so.
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger options'))`
    const stateOf = async () => (await readOptions(tx, config)).find((option) => option.name === name) as OptionState
    const before = await stateOf()
    if (text === null) await tx.setting.deleteMany({ where: { key } })
    else await tx.setting.upsert({ where: { key }, create: { key, value: text }, update: { value: text } })
    const after = await stateOf()
    if (name === 'retention_policy' && Number(after.value) < Number(before.value))
      await requireConfirmations(tx, confirmEnvironment ?? [])
    const details = { from: before.value, to: after.value, origin: after.origin }
    await record(tx, { actor, action: 'settings.change', target: { type: 'setting', id: key }, details })
    await announce(tx, SETTINGS)
    return after
  })
}

/** The text to store: parsed and written again, so that “0” and “false” are one. Throws INPUT_INVALID. */
function textOf(name: OptionState['name'], value: string): string {
  const parsed = parseVariable(options[name].variable, value.trim())
  if (parsed.success) return String(parsed.data)
  const problem = parsed.error.issues[0]?.message ?? 'is not possible'
  throw new CodedError('INPUT_INVALID', { issues: [{ path: 'value', problem }] })
}

async function requireConfirmations(tx: Transaction, confirmed: readonly string[]): Promise<void> {
  const environments = await tx.environment.findMany({ where: { protected: true }, orderBy: { position: 'asc' } })
  for (const environment of environments)
    requireConfirmation(
      environment,
      confirmed.find((name) => name === environment.name),
      'change what is kept of its backups',
    )
}
