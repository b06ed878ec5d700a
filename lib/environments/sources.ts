import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { joinSettings, splitSettings } from '#lib/sources/settings.ts'
import type { Source } from '#prisma/client/client.ts'

const context = (id: string) => `source:${id}`

/** Adds a source to an environment, its settings checked by its driver and the secret ones sealed. Throws SOURCE_KIND_UNKNOWN, INPUT_INVALID. */
export async function addSource(
  tx: Transaction,
  secretKey: SecretKey,
  request: { environmentId: string; name: string; kind: string; settings: Record<string, unknown> },
): Promise<Source> {
  const { driver } = checkSettings(request.kind, request.settings)
  const { plain, secrets } = splitSettings(request.settings, driver.secretFields)
  const id = uuidv7()
  return tx.source.create({
    data: {
      id,
      environmentId: request.environmentId,
      name: request.name,
      kind: request.kind,
      type: driver.type,
      settings: plain as object,
      sealedSecrets:
        Object.keys(secrets).length === 0 ? null : seal(secretKey, new Secret(JSON.stringify(secrets)), context(id)),
    },
  })
}

export interface OpenSource {
  driver: SourceDriver
  settings: unknown
}

/** A source's driver with its parsed settings, secrets opened. */
export function openSource(source: Source, secretKey: SecretKey): OpenSource {
  const secrets =
    source.sealedSecrets === null
      ? {}
      : (JSON.parse(unseal(secretKey, source.sealedSecrets, context(source.id)).reveal()) as Record<string, string>)
  return checkSettings(source.kind, joinSettings(source.settings as Record<string, unknown>, secrets))
}

/** The driver of a kind and its parsed settings. Throws SOURCE_KIND_UNKNOWN, INPUT_INVALID naming each field. */
export function checkSettings(kind: string, settings: unknown): OpenSource {
  const driver = driverOf(kind)
  const parsed = driver.settings.safeParse(settings)
  if (parsed.success) return { driver, settings: parsed.data }
  throw new CodedError('INPUT_INVALID', {
    issues: parsed.error.issues.map((issue) => ({ path: `settings.${issue.path.join('.')}`, problem: issue.message })),
  })
}
