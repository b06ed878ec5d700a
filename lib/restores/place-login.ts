import { z } from 'zod'
import { openSecrets } from '#lib/environments/sources.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Restore, Source } from '#prisma/client/client.ts'

const login = z.object({ user: z.string(), password: z.string().nullish() })
type Login = z.infer<typeof login>

const context = (id: string) => `restore:${id}`

/** Sealed for this restore alone. */
export const sealLogin = (key: SecretKey, restoreId: string, given: Login): string =>
  seal(key, new Secret(JSON.stringify(given)), context(restoreId))

/** Null where the source's own account is used. */
export function loginOf({ id, sealedLogin }: Restore, key: SecretKey): Login | null {
  return sealedLogin === null ? null : login.parse(JSON.parse(unseal(key, sealedLogin, context(id)).reveal()))
}

const PASSWORD = 'password'

/** A source's settings with another account, secrets among them; still to be parsed. */
export function openSettings(source: Source, key: SecretKey, given: Login | null): Record<string, unknown> {
  const plain = source.settings as Record<string, unknown>
  const secrets = openSecrets(source, key)
  if (given === null) return joinSettings(plain, secrets)
  // “password”, or “connection.password”: the account stands beside it.
  const field =
    driverOf(source.kind).secretFields.find((one) => one === PASSWORD || one.endsWith(`.${PASSWORD}`)) ?? PASSWORD
  const { [field]: _, ...others } = secrets
  const account = { [`${field.slice(0, -PASSWORD.length)}user`]: given.user }
  return joinSettings(plain, { ...others, ...account, ...(given.password != null && { [field]: given.password }) })
}
