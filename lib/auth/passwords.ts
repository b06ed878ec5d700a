import { hash, verify } from '@node-rs/argon2'
import type { Secret } from '#lib/secrets/secret.ts'

/** argon2id (algorithm 2) with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane). */
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export function hashPassword(password: Secret): Promise<string> {
  return hash(password.reveal(), parameters)
}

// Compared with when there is no such user, so that both answers take the same time.
const nobody = hash(crypto.randomUUID(), parameters)

/** True when the password is the one that was hashed; `stored` null stands for a user who does not exist. */
export async function checkPassword(stored: string | null, password: Secret): Promise<boolean> {
  const right = await verify(stored ?? (await nobody), password.reveal())
  return right && stored !== null
}
