import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { User } from '#prisma/client/client.ts'
import { checkPassword } from './passwords.ts'
import { forgive, hit, waitSeconds } from './rate-limit.ts'

const FAILURES = 5
const WINDOW_SECONDS = 15 * 60

const credentials = z.object({
  email: z
    .string()
    .max(254)
    .transform((text) => text.trim().toLowerCase()),
  password: z
    .string()
    .min(1)
    .max(1024)
    .transform((text) => new Secret(text)),
})

/**
 * Checks an address and a password. Throws SIGN_IN_FAILED, or SIGN_IN_THROTTLED after five failures within a quarter of
 * an hour for one account, counted in PostgreSQL. Both outcomes are in the audit log.
 */
export async function signIn(prisma: Database, input: unknown, address: string | null): Promise<User> {
  const parsed = credentials.safeParse(input)
  if (!parsed.success) throw new CodedError('SIGN_IN_FAILED', {})
  const { email, password } = parsed.data
  const key = `sign-in:${email}`
  const wait = await waitSeconds(prisma, key, FAILURES, WINDOW_SECONDS)
  if (wait > 0) throw new CodedError('SIGN_IN_THROTTLED', { retryAfterSeconds: wait })

  const user = await prisma.user.findFirst({ where: { email, disabledAt: null } })
  const right = await checkPassword(user?.passwordHash ?? null, password)
  if (!user || !right) {
    await prisma.$transaction(async (tx) => {
      await hit(tx, key, FAILURES, WINDOW_SECONDS)
      await record(tx, { actor: { userId: user?.id ?? null, email, address }, action: 'sign-in.failed' })
    })
    throw new CodedError('SIGN_IN_FAILED', {})
  }
  await prisma.$transaction(async (tx) => {
    await forgive(tx, key)
    await record(tx, { actor: { userId: user.id, email, address }, action: 'sign-in' })
  })
  return user
}
