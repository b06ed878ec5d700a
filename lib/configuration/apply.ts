import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { type Change, compare, fingerprint, type Left } from './diff.ts'
import { lookAtSources } from './look-at-sources.ts'
import { makeRepositories } from './make-repositories.ts'
import { linkChannels, orderEnvironments, perform } from './perform.ts'
import { type ConfigurationDeps, type Prepared, prepare } from './prepare.ts'
import { readPresent } from './present.ts'
import { keyOf } from './references.ts'
import { secretForm } from './secret-form.ts'
import { stopped } from './stopped.ts'
import { type Given, readWanted } from './wanted.ts'

const TRANSACTION_MS = 120_000
const MOST_NAMED = 200

const secret = z.strictObject({
  reference: secretForm.refine((one) => !('secret' in one), 'must be {fromEnv} or {fromFile}'),
  value: z.string().min(1, 'must not be empty'),
})
const diffInput = z.strictObject({
  yaml: z.string(),
  /** The values of the secrets that the file refers to. Whoever sends it reads them; the server has no part in it. */
  secrets: z.array(secret).max(10_000).default([]),
  /** Delete what is not in a section that the file has. */
  prune: z.boolean().default(false),
})
const applyInput = diffInput.extend({
  /** The `fingerprint` of the changes that were shown. */
  expected: z.string(),
  confirmEnvironment: z.array(z.string()).default([]),
  /** Do not look at sources before they are made or changed. */
  untested: z.boolean().default(false),
})

export interface ConfigurationDiff {
  changes: Change[]
  left: Left[]
  /** Sources that are made, or stay, without some of their settings, and disabled. Empty `missing`: the file says so. */
  incomplete: { name: string; missing: string[] }[]
  fingerprint: string
}

/** What a file would change. Changes nothing. Throws FORBIDDEN, and INPUT_INVALID with all that is wrong, line by line. */
export async function diffConfiguration(
  deps: ConfigurationDeps,
  actor: Actor | null,
  raw: unknown,
): Promise<ConfigurationDiff> {
  requireScope(actor, 'settings:write', 'compare the configuration')
  return answerOf(await prepare(deps, actor, given(parseInput(diffInput, raw))))
}

/**
 * Makes the configuration what a file says; applied again it changes nothing. First all is checked and looked at, then
 * repositories are made, connected and moved, one by one since restic does it, then the rest in one transaction. A failure
 * says what was done until then. Throws FORBIDDEN, INPUT_INVALID with all that is wrong, CONFIGURATION_CHANGED when the
 * changes are not those that `expected` stands for, ENVIRONMENT_NOT_CONFIRMED, CONFIGURATION_STOPPED.
 */
export async function applyConfiguration(
  deps: ConfigurationDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<ConfigurationDiff> {
  requireScope(actor, 'settings:write', 'apply a configuration')
  const input = parseInput(applyInput, raw)
  const prepared = await prepare(deps, actor, given(input))
  const answer = answerOf(prepared)
  if (answer.fingerprint !== input.expected) throw new CodedError('CONFIGURATION_CHANGED', {})
  if (prepared.changes.length === 0) return answer
  if (!input.untested) await lookAtSources(deps, actor, prepared, signal)
  const done = await makeRepositories(deps, actor, prepared)
  await deps.prisma.$transaction(
    (tx) => applyRest({ ...deps, prisma: within(tx) }, actor, { ...given(input), ...input, prepared, done }),
    { timeout: TRANSACTION_MS, maxWait: TRANSACTION_MS },
  )
  return answer
}

interface Rest extends Given {
  confirmEnvironment: string[]
  prepared: Prepared
  done: string[]
}

/** All but what restic did, compared again: somebody may have changed something meanwhile. */
async function applyRest(deps: ConfigurationDeps, actor: Actor, rest: Rest): Promise<void> {
  const { prisma } = deps
  await prisma.$executeRaw`select pg_advisory_xact_lock(hashtextextended('system-backup-trigger configuration', 0))`
  const compareNow = async () => {
    const present = await readPresent(deps)
    const { wanted } = readWanted(deps, rest, present)
    return { present, wanted, ...compare(present, wanted, rest.prune) }
  }
  const now = await compareNow()
  const others = ({ kind }: Change) => kind !== 'repository'
  if (fingerprint(now.changes.filter(others)) !== fingerprint(rest.prepared.changes.filter(others)))
    throw new CodedError('CONFIGURATION_CHANGED', {})
  for (const change of now.changes) {
    try {
      await perform(deps, actor, change, { ...now, confirmEnvironment: rest.confirmEnvironment })
    } catch (thrown) {
      throw stopped(thrown, change, rest.done)
    }
  }
  await linkChannels(deps, actor, now)
  await orderEnvironments(deps, actor, now)
  // Whatever is different still was not applied, and must not be told as if it were.
  const [different] = (await compareNow()).changes
  if (different) throw stopped(new CodedError('UNEXPECTED', {}), different, rest.done)
  await recordApply(prisma, actor, rest)
}

async function recordApply(tx: Transaction, actor: Actor, { prepared, prune }: Rest): Promise<void> {
  const changes = prepared.changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)
  const details = { prune, count: changes.length, changes: changes.slice(0, MOST_NAMED) }
  await record(tx, { actor, action: 'configuration.apply', details })
}

/** The functions that make things begin transactions of their own; here each is a part of the one. */
function within(tx: Transaction): Database {
  return new Proxy(tx, {
    get: (target, key) =>
      key === '$transaction'
        ? (work: (tx: Transaction) => Promise<unknown>) => work(tx)
        : Reflect.get(target, key, target),
  }) as Database
}

const given = ({ yaml, secrets, prune }: z.output<typeof diffInput>): Given => ({
  yaml,
  prune,
  supplied: new Map(secrets.map(({ reference, value }) => [keyOf(reference as never), value])),
})

function answerOf({ changes, left, wanted }: Prepared): ConfigurationDiff {
  const incomplete = [...(wanted.source?.values() ?? [])].flatMap(({ name, missing }) =>
    missing ? [{ name, missing: missing.map((field) => `settings.${field}`) }] : [],
  )
  return { changes, left, incomplete, fingerprint: fingerprint(changes) }
}
