import { SignJWT } from 'jose'
import { encode } from 'next-auth/jwt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SecretKey } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { requireScope, type Scope, scopes } from './actor.ts'
import { makeFirstAdministrator } from './first-administrator.ts'
import { sessionSecret } from './next-auth.ts'
import { checkPassword, hashPassword } from './passwords.ts'
import { hit } from './rate-limit.ts'
import { signIn } from './sign-in.ts'
import { createToken, revokeToken } from './tokens.ts'
import { viewer } from './viewer.ts'

let home: Installation
const refusal = (code: string) => expect.objectContaining({ code })
const bearer = (token: string) =>
  viewer(home.runtime, { cookie: null, authorization: `Bearer ${token}`, address: null })
const token = (days = 1) =>
  createToken(home.runtime, { email: home.admin.email, scopes: ['backup:read'], days, name: 'test' })

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

describe('a password', () => {
  it('is kept as argon2id and compared with nobody in the same way', async () => {
    const hash = await hashPassword(new Secret('correct'))
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await checkPassword(hash, new Secret('correct'))).toBe(true)
    expect(await checkPassword(hash, new Secret('wrong'))).toBe(false)
    expect(await checkPassword(null, new Secret('correct'))).toBe(false)
  })
})

describe('signing in', () => {
  const right = { email: ' ADMIN@localhost ', password: 'correct horse battery' }
  const wrong = { email: 'admin@localhost', password: 'wrong' }

  it('takes the right password and writes it down', async () => {
    expect((await signIn(home.runtime.prisma, right, '127.0.0.1')).role).toBe('ADMIN')
    expect(await home.runtime.prisma.auditEvent.count({ where: { action: 'sign-in', address: '127.0.0.1' } })).toBe(1)
  })

  it('throttles after five failures, even with the right password', async () => {
    for (let i = 0; i < 5; i++)
      await expect(signIn(home.runtime.prisma, wrong, null)).rejects.toThrow(refusal('SIGN_IN_FAILED'))
    await expect(signIn(home.runtime.prisma, right, null)).rejects.toThrow(refusal('SIGN_IN_THROTTLED'))
    expect(await home.runtime.prisma.auditEvent.count({ where: { action: 'sign-in.failed' } })).toBe(5)
    await home.runtime.prisma.rateHit.deleteMany()
  })

  it('forgets the failures once the right password came', async () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 4; i++)
        await expect(signIn(home.runtime.prisma, wrong, null)).rejects.toThrow(refusal('SIGN_IN_FAILED'))
      expect((await signIn(home.runtime.prisma, right, null)).email).toBe('admin@localhost')
    }
    expect(await home.runtime.prisma.rateHit.count()).toBe(0)
  })

  it('throttles one account only, and no longer than a quarter of an hour', async () => {
    const { prisma } = home.runtime
    const other = { email: 'somebody@example.org', password: 'x' }
    for (let i = 0; i < 5; i++) await expect(signIn(prisma, other, null)).rejects.toThrow(refusal('SIGN_IN_FAILED'))
    const throttled = await signIn(prisma, other, null).catch((error) => error)
    expect(throttled).toEqual(refusal('SIGN_IN_THROTTLED'))
    expect(throttled.details.retryAfterSeconds).toBeGreaterThan(0)
    expect(throttled.details.retryAfterSeconds).toBeLessThanOrEqual(15 * 60)
    expect((await signIn(prisma, right, null)).role).toBe('ADMIN')
    await prisma.$executeRaw`update rate_hits set at = at - interval '16 minutes'`
    await expect(signIn(prisma, other, null)).rejects.toThrow(refusal('SIGN_IN_FAILED'))
    await prisma.rateHit.deleteMany()
  })

  it.each([
    [{}],
    [null],
    [{ email: 'admin@localhost', password: '' }],
    [{ email: 'admin@localhost', password: { toString: 'x' } }],
    [{ email: 'admin@localhost', password: 'x'.repeat(1025) }],
    [{ email: ['admin@localhost'], password: 'x' }],
  ])('refuses %j', async (input) => {
    await expect(signIn(home.runtime.prisma, input, null)).rejects.toThrow(refusal('SIGN_IN_FAILED'))
  })

  it('refuses an unknown and a disabled user alike', async () => {
    const { prisma } = home.runtime
    const passwordHash = await hashPassword(new Secret('x-password'))
    await prisma.user.create({ data: { email: 'gone@example.org', passwordHash, disabledAt: new Date(0) } })
    for (const email of ['gone@example.org', 'nobody@example.org'])
      await expect(signIn(prisma, { email, password: 'x-password' }, null)).rejects.toThrow(refusal('SIGN_IN_FAILED'))
  })
})

describe('an API token', () => {
  it('is its user, with its scopes and no more', async () => {
    const { token: secret } = await token()
    expect(await bearer(secret.reveal())).toMatchObject({ email: home.admin.email, scopes: ['backup:read'] })
    expect(String(secret)).toBe('[secret]')
  })

  it('is nobody when revoked, expired, forged or unsigned', async () => {
    const revoked = await token()
    await revokeToken(home.runtime, revoked.id)
    expect(await bearer(revoked.token.reveal())).toBeNull()

    const { token: valid, id } = await token(1)
    const later = { now: () => new Date(home.runtime.clock.now().getTime() + 2 * 86_400_000) }
    const past = { ...home.runtime, clock: later }
    expect(await viewer(past, { cookie: null, authorization: `Bearer ${valid.reveal()}`, address: null })).toBeNull()

    const forge = (key: SecretKey) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(home.admin.userId)
        .setJti(id)
        .setAudience('backup-trigger api')
        .setExpirationTime('1h')
        .sign(key.derive('api tokens'))
    expect(await bearer(await forge(home.runtime.secretKey))).not.toBeNull()
    expect(await bearer(await forge(new SecretKey(new Secret('another key, another key, another'))))).toBeNull()

    const [, claims] = valid.reveal().split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await bearer(`${none}.${claims}.`)).toBeNull()
  })
})

describe('a user who is taken out or made less', () => {
  const change = (data: { disabledAt?: Date | null; role?: 'ADMIN' | 'VIEWER' }) =>
    home.runtime.prisma.user.update({ where: { id: home.admin.userId }, data })
  const session = async () => {
    const cookie = await encode({ token: { sub: home.admin.userId }, secret: sessionSecret(home.runtime), maxAge: 60 })
    return viewer(home.runtime, {
      cookie: `__Secure-next-auth.session-token=${cookie}`,
      authorization: null,
      address: null,
    })
  }

  it('is noticed at once, with a token and with a session', async () => {
    const { token: secret } = await token()
    await change({ role: 'VIEWER' })
    expect([(await bearer(secret.reveal()))?.role, (await session())?.role]).toEqual(['VIEWER', 'VIEWER'])
    await change({ disabledAt: new Date(0) })
    expect([await bearer(secret.reveal()), await session()]).toEqual([null, null])
    await expect(token()).rejects.toThrow(refusal('INPUT_INVALID'))
    await change({ disabledAt: null, role: 'ADMIN' })
    expect(await bearer(secret.reveal())).not.toBeNull()
  })
})

describe('what an actor may do', () => {
  const may = (role: 'VIEWER' | 'OPERATOR' | 'ADMIN', granted: readonly Scope[]) =>
    scopes.filter((scope) => {
      try {
        requireScope({ ...home.admin, role, scopes: granted }, scope, 'try')
        return true
      } catch (error) {
        expect(error).toEqual(refusal('FORBIDDEN'))
        return false
      }
    })

  it('is what both the role and the token allow', () => {
    expect(may('VIEWER', scopes)).toEqual(['backup:read'])
    expect(may('OPERATOR', scopes)).toEqual(['backup:read', 'backup:trigger', 'user-data:export'])
    expect(may('ADMIN', scopes)).toEqual(scopes)
    expect(may('ADMIN', ['backup:trigger'])).toEqual(['backup:trigger'])
    expect(may('VIEWER', ['settings:write'])).toEqual([])
    expect(() => requireScope(null, 'backup:read', 'try')).toThrow(refusal('UNAUTHENTICATED'))
  })
})

describe('a session cookie', () => {
  const cookie = async (sub: string) => encode({ token: { sub }, secret: sessionSecret(home.runtime), maxAge: 60 })
  const withCookie = (text: string) => viewer(home.runtime, { cookie: text, authorization: null, address: null })

  it('is its user, whole or in chunks, and nobody when it was changed', async () => {
    const session = await cookie(home.admin.userId)
    expect(await withCookie(`a=b; next-auth.session-token=${session}`)).toMatchObject({ role: 'ADMIN', tokenId: null })
    const name = 'next-auth.session-token'
    expect(await withCookie(`${name}.0=${session.slice(0, 50)}; ${name}.1=${session.slice(50)}`)).not.toBeNull()
    expect(await withCookie(`${name}=${session.slice(0, -3)}AAA`)).toBeNull()
    expect(await withCookie('')).toBeNull()
  })

  it('is worth nothing beside a bad bearer token', async () => {
    const session = `next-auth.session-token=${await cookie(home.admin.userId)}`
    expect(await viewer(home.runtime, { cookie: session, authorization: 'Bearer x', address: null })).toBeNull()
  })
})

describe('limits and set-up', () => {
  it('counts exactly under fifty at once', async () => {
    const waits = await Promise.all(
      Array.from({ length: 50 }, () =>
        home.runtime.prisma.$transaction((tx) => hit(tx, 'exact', 5, 60), { maxWait: 20_000, timeout: 20_000 }),
      ),
    )
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5)
    expect(Math.max(...waits)).toBeLessThanOrEqual(60)
  })

  it('makes the first administrator once', async () => {
    const { prisma } = home.runtime
    expect(
      await makeFirstAdministrator(prisma, { ADMIN_EMAIL: 'second@localhost', ADMIN_PASSWORD: undefined }),
    ).toBeNull()
  })

  it('makes the first administrator once when five processes start at once', async () => {
    const { prisma } = home.runtime
    await prisma.user.deleteMany()
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((i) =>
        makeFirstAdministrator(prisma, { ADMIN_EMAIL: `first${i}@localhost`, ADMIN_PASSWORD: undefined }),
      ),
    )
    const [made, ...more] = answers.filter((answer) => answer !== null)
    expect(more).toEqual([])
    expect(await prisma.user.count()).toBe(1)
    const password = made?.generated?.reveal()
    expect((await signIn(prisma, { email: made?.email, password }, null)).role).toBe('ADMIN')
  })
})
