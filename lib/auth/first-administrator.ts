import { randomBytes } from 'node:crypto'
import { record } from '#lib/audit/record.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { hashPassword } from './passwords.ts'

/**
 * Makes the first administrator when there is no user at all: ADMIN_EMAIL with ADMIN_PASSWORD, else with a generated
 * password, which is answered so that it can be shown once. Null when there was somebody already.
 */
export async function makeFirstAdministrator(
  prisma: Database,
  config: Pick<Config, 'ADMIN_EMAIL' | 'ADMIN_PASSWORD'>,
): Promise<{ email: string; generated: Secret | null } | null> {
  const generated = config.ADMIN_PASSWORD ? null : new Secret(randomBytes(15).toString('base64url'))
  const passwordHash = await hashPassword(config.ADMIN_PASSWORD ?? (generated as Secret))
  return prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended('first administrator', 0))`
    if ((await tx.user.count()) > 0) return null
    const user = await tx.user.create({ data: { email: config.ADMIN_EMAIL, role: 'ADMIN', passwordHash } })
    await record(tx, {
      actor: { userId: user.id, email: 'set-up', address: null },
      action: 'user.create',
      target: { type: 'user', id: user.id },
      details: { role: 'ADMIN' },
    })
    return { email: user.email, generated }
  })
}
