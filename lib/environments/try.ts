import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { nameInput, parseInput } from '#lib/errors/parse-input.ts'
import { replaceSettings } from '#lib/forms/kept-secrets.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { Discovered, SourceDriver, SourcePreview, SourceProbe } from '#lib/sources/driver.ts'
import { expectedSeconds } from './duration.ts'
import { findSource } from './find.ts'
import { type LookConfig, look, seesEnvironment } from './look.ts'
import { openSecrets } from './sources.ts'

export interface TryDeps {
  prisma: Database
  secretKey: SecretKey
  config: LookConfig
  /** See lib/runtime. */
  driverOf: (kind: string) => SourceDriver
}

/**
 * Either a source that exists, with changed settings or as it is, or one that could be added: its environment, too, may be
 * one that is only to be.
 */
const candidateInput = z.union([
  z.strictObject({ id: z.string(), settings: z.record(z.string(), z.unknown()).optional() }),
  z.strictObject({ environment: nameInput, kind: z.string(), settings: z.record(z.string(), z.unknown()) }),
])

export interface SourceTest extends SourceProbe {
  /** How long a backup takes, from past ones; null when there is none. */
  expectedSeconds: number | null
  /** What is saved by a run each, by name; null when one run saves it all. */
  parts: string[] | null
}

/**
 * Looks at a source as a backup would, without changing anything. Stored secrets are used where none are given, and never
 * answered. Operators may test what is saved; only who may change sources may test other settings. Throws FORBIDDEN,
 * INPUT_INVALID, SOURCE_UNKNOWN, SOURCE_KIND_UNKNOWN, SOURCE_OUT_OF_SIGHT, SOURCE_TOO_SLOW and whatever the driver finds.
 */
export async function testSource(
  deps: TryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<SourceTest> {
  const candidate = await findCandidate(deps, actor, raw, 'test')
  const { driver } = candidate
  const settings = parseInput(driver.settings, candidate.settings, 'settings')
  const found = await look(deps.config, signal, async (ctx) => {
    const probe = await driver.probe(settings, ctx)
    const parts = (await driver.parts?.(settings, ctx)) ?? null
    return { ...probe, parts: parts?.map((part) => part.name) ?? null }
  })
  return { ...found, expectedSeconds: candidate.id === null ? null : await expectedSeconds(deps.prisma, candidate.id) }
}

/** The databases or buckets that a server holds. Throws like `testSource`, and SOURCE_LOOK_UNSUPPORTED. */
export async function discoverSource(
  deps: TryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<Discovered[]> {
  const { driver, settings } = await findCandidate(deps, actor, raw, 'discover')
  const { discovery } = driver
  if (discovery === undefined) throw new CodedError('SOURCE_LOOK_UNSUPPORTED', { kind: driver.kind, what: 'discovery' })
  const server = parseInput(discovery.settings, settings, 'settings')
  return look(deps.config, signal, (ctx) => discovery.find(server, ctx))
}

/** What the patterns of a source catch. Throws like `testSource`, and SOURCE_LOOK_UNSUPPORTED. */
export async function previewSource(
  deps: TryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<SourcePreview> {
  const { driver, settings } = await findCandidate(deps, actor, raw, 'preview')
  if (driver.preview === undefined)
    throw new CodedError('SOURCE_LOOK_UNSUPPORTED', { kind: driver.kind, what: 'preview' })
  const parsed = parseInput(driver.settings, settings, 'settings')
  return look(deps.config, signal, (ctx) => driver.preview?.(parsed, ctx) as Promise<SourcePreview>)
}

interface Candidate {
  id: string | null
  driver: SourceDriver
  /** Not parsed yet; secrets as text. */
  settings: Record<string, unknown>
}

/** Every look is recorded before it happens: with other settings, it sends stored secrets wherever those say. */
async function findCandidate(
  deps: TryDeps,
  actor: Actor | null,
  raw: unknown,
  act: 'test' | 'discover' | 'preview',
): Promise<Candidate> {
  const changed = (raw as { settings?: unknown } | null)?.settings !== undefined
  requireScope(actor, changed ? 'settings:write' : 'backup:trigger', `${act} a source`)
  const input = parseInput(candidateInput, raw)
  const candidate = 'id' in input ? await existing(deps, input) : fresh(deps, input)
  const { environment, ...found } = candidate
  if (!seesEnvironment(deps.config, environment)) throw new CodedError('SOURCE_OUT_OF_SIGHT', { environment })
  await record(deps.prisma, {
    actor,
    action: `source.${act}`,
    ...(found.id !== null && { target: { type: 'source', id: found.id } }),
    details: { environment, kind: found.driver.kind, changed },
  })
  return found
}

async function existing(deps: TryDeps, input: { id: string; settings?: Record<string, unknown> | undefined }) {
  const source = await findSource(deps.prisma, input.id)
  const driver = deps.driverOf(source.kind)
  const stored = openSecrets(source, deps.secretKey)
  const given = input.settings ?? (source.settings as Record<string, unknown>)
  const { plain, secrets } = replaceSettings(driver, given, stored)
  return { id: source.id, environment: source.environment.name, driver, settings: joinSettings(plain, secrets) }
}

function fresh(deps: TryDeps, input: { environment: string; kind: string; settings: Record<string, unknown> }) {
  const driver = deps.driverOf(input.kind)
  const { plain, secrets } = replaceSettings(driver, input.settings, {})
  return { id: null, environment: input.environment, driver, settings: joinSettings(plain, secrets) }
}
