import * as jwtModule from 'next-auth/jwt'
import { type Actor, scopes } from './actor.ts'
import { sessionSecret } from './next-auth.ts'
import { actorOfToken, type TokenDeps } from './tokens.ts'

const { decode } = ((jwtModule as unknown as { default?: typeof jwtModule }).default ?? jwtModule) as typeof jwtModule

export interface Credentials {
  cookie: string | null
  authorization: string | null
  address: string | null
}

/**
 * Who is asking: the Bearer token if there is one (and then only it), else the session cookie. The user is read afresh, so
 * a role that was taken away or a user who was disabled is noticed at once. Null for nobody.
 */
export async function viewer(deps: TokenDeps, given: Credentials): Promise<Actor | null> {
  const bearer = /^Bearer (\S+)$/i.exec(given.authorization ?? '')?.[1]
  if (bearer) return actorOfToken(deps, bearer, given.address)
  const session = readSession(given.cookie)
  if (!session) return null
  const token = await decode({ token: session, secret: sessionSecret(deps) }).catch(() => null)
  if (!token?.sub) return null
  const user = await deps.prisma.user.findFirst({ where: { id: token.sub, disabledAt: null } })
  return user && { userId: user.id, email: user.email, role: user.role, scopes, tokenId: null, address: given.address }
}

/** next-auth's session cookie, put together from its numbered chunks when it was too long for one. */
function readSession(header: string | null): string | null {
  const cookies = new Map<string, string>()
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at > 0) cookies.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  for (const name of ['__Secure-next-auth.session-token', 'next-auth.session-token']) {
    const whole = cookies.get(name)
    if (whole) return whole
    let chunks = ''
    for (let i = 0; cookies.has(`${name}.${i}`); i++) chunks += cookies.get(`${name}.${i}`)
    if (chunks) return chunks
  }
  return null
}
