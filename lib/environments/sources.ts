import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '#lib/database/database.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { joinSettings, splitSettings } from '#lib/forms/settings.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Source } from '#prisma/client/client.ts'
import type { Assertion } from './assertions.ts'

const context = (id: string) => `source:${id}`

/** Secret settings by their dotted names. */
export type Secrets = Readonly<Record<string, string>>

/** Adds a source to an environment, its settings checked by its driver and the secret ones sealed. Throws SOURCE_KIND_UNKNOWN, INPUT_INVALID. */
export async function addSource(
  tx: Transaction,
  secretKey: SecretKey,
  request: {
    environmentId: string
    repositoryId?: string | null
    name: string
    kind: string
    settings: Record<string, unknown>
    enabled?: boolean
    tags?: string[]
    maxAgeHours?: number | null
    assertions?: Assertion[]
    maskingSql?: string | null
    /** They are stored as they are, to be completed by somebody. */
    settingsMissing?: boolean
  },
): Promise<Source> {
  const driver = driverOf(request.kind)
  const { plain, secrets } = splitSettings(request.settings, driver.secretFields)
  const { settingsMissing = false, maxAgeHours = null, assertions = [], maskingSql = null } = request
  if (!settingsMissing) checkSettings(request.kind, joinSettings(plain, secrets))
  const id = uuidv7()
  return tx.source.create({
    data: {
      id,
      environmentId: request.environmentId,
      repositoryId: request.repositoryId ?? null,
      name: request.name,
      kind: request.kind,
      type: driver.type,
      settings: plain as object,
      sealedSecrets: sealSecrets(secretKey, id, secrets),
      enabled: request.enabled ?? true,
      tags: request.tags ?? [],
      maxAgeHours,
      assertions,
      maskingSql,
      settingsMissing,
    },
  })
}

export interface OpenSource {
  driver: SourceDriver
  settings: unknown
}

/** A source's driver with its parsed settings, secrets opened. */
export function openSource(source: Source, secretKey: SecretKey): OpenSource {
  const secrets = openSecrets(source, secretKey)
  return checkSettings(source.kind, joinSettings(source.settings as Record<string, unknown>, secrets))
}

export function openSecrets(source: Pick<Source, 'id' | 'sealedSecrets'>, secretKey: SecretKey): Secrets {
  if (source.sealedSecrets === null) return {}
  return JSON.parse(unseal(secretKey, source.sealedSecrets, context(source.id)).reveal()) as Secrets
}

/** Null for no secrets. */
export function sealSecrets(secretKey: SecretKey, sourceId: string, secrets: Secrets): string | null {
  if (Object.keys(secrets).length === 0) return null
  return seal(secretKey, new Secret(JSON.stringify(secrets)), context(sourceId))
}

/** The driver of a kind and its parsed settings. Throws SOURCE_KIND_UNKNOWN, INPUT_INVALID naming each field. */
export function checkSettings(kind: string, settings: unknown): OpenSource {
  const driver = driverOf(kind)
  return { driver, settings: parseInput(driver.settings, settings, 'settings') }
}
