import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import type { Clock } from '#lib/clock/now.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Actor, type Scope, scopes } from './actor.ts'

const DAY_MS = 86_400_000
const AUDIENCE = 'backup-trigger api'
const claims = z.object({ jti: z.uuid(), sub: z.uuid() })

export interface TokenDeps {
  prisma: Database
  secretKey: SecretKey
  clock: Clock
}

/** Makes an API token: a JWT (RFC 7519) signed HS256 with a key derived from the secret key, which the database can revoke. */
export async function createToken(
  { prisma, secretKey, clock }: TokenDeps,
  request: { email: string; scopes: readonly Scope[]; days: number; name: string },
): Promise<{ id: string; token: Secret; expiresAt: Date }> {
  const user = await prisma.user.findFirst({ where: { email: request.email.toLowerCase(), disabledAt: null } })
  if (!user)
    throw new CodedError('INPUT_INVALID', {
      issues: [{ path: 'email', problem: `there is no active user ${request.email}` }],
    })
  const expiresAt = new Date(clock.now().getTime() + request.days * DAY_MS)
  const row = await prisma.$transaction(async (tx) => {
    const made = await tx.apiToken.create({
      data: { userId: user.id, name: request.name, scopes: [...request.scopes], expiresAt },
    })
    await record(tx, {
      actor: { userId: user.id, email: user.email, address: null },
      action: 'token.create',
      target: { type: 'token', id: made.id },
      details: { scopes: [...request.scopes], expiresAt: expiresAt.toISOString() },
    })
    return made
  })
  const jwt = await new SignJWT({ scope: request.scopes.join(' ') })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(user.id)
    .setJti(row.id)
    .setAudience(AUDIENCE)
    .setIssuedAt(Math.floor(clock.now().getTime() / 1000))
    .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
    .sign(secretKey.derive('api tokens'))
  return { id: row.id, token: new Secret(jwt), expiresAt }
}

/** The actor of a bearer token, or null when it is forged, expired, revoked, or its user is disabled. Scopes come from the row. */
export async function actorOfToken(deps: TokenDeps, token: string, address: string | null): Promise<Actor | null> {
  const verified = await jwtVerify(token, deps.secretKey.derive('api tokens'), {
    algorithms: ['HS256'],
    audience: AUDIENCE,
    currentDate: deps.clock.now(),
  }).catch(() => null)
  const parsed = claims.safeParse(verified?.payload)
  if (!parsed.success) return null
  const row = await deps.prisma.apiToken.findFirst({
    where: {
      id: parsed.data.jti,
      userId: parsed.data.sub,
      revokedAt: null,
      expiresAt: { gt: deps.clock.now() },
      user: { disabledAt: null },
    },
    include: { user: true },
  })
  if (!row) return null
  await deps.prisma.apiToken.update({ where: { id: row.id }, data: { lastUsedAt: deps.clock.now() } })
  return {
    userId: row.userId,
    email: row.user.email,
    role: row.user.role,
    scopes: scopes.filter((scope) => row.scopes.includes(scope)),
    tokenId: row.id,
    address,
  }
}

/** Makes a token useless at once. */
export async function revokeToken({ prisma, clock }: TokenDeps, id: string): Promise<void> {
  await prisma.$transaction(async (tx) => {
    const row = await tx.apiToken.update({ where: { id }, data: { revokedAt: clock.now() }, include: { user: true } })
    await record(tx, {
      actor: { userId: row.userId, email: row.user.email, address: null },
      action: 'token.revoke',
      target: { type: 'token', id },
    })
  })
}
