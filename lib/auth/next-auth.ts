import type { NextAuthOptions } from 'next-auth'
import * as credentialsModule from 'next-auth/providers/credentials'
import { isCoded } from '#lib/errors/coded-error.ts'
import type { Log } from '#lib/log/log.ts'
import { signIn } from './sign-in.ts'
import type { TokenDeps } from './tokens.ts'

// next-auth is CommonJS: natively in Node its default export sits one level deeper than in Next's bundles.
const Credentials = ((credentialsModule.default as unknown as { default?: typeof credentialsModule.default }).default ??
  credentialsModule.default) as typeof credentialsModule.default

/** The key that session cookies are encrypted with, as next-auth wants it. */
export const sessionSecret = (deps: Pick<TokenDeps, 'secretKey'>): string =>
  deps.secretKey.derive('sessions').toString('hex')

/** next-auth: credentials, JWT cookie for a working day. The error code travels to the sign-in page as `error`. */
export function nextAuthOptions(deps: TokenDeps & { log: Log; secureCookies: boolean }): NextAuthOptions {
  return {
    secret: sessionSecret(deps),
    useSecureCookies: deps.secureCookies,
    session: { strategy: 'jwt', maxAge: 12 * 60 * 60 },
    pages: { signIn: '/sign-in' },
    providers: [
      Credentials({
        name: 'Email and password',
        credentials: { email: { label: 'Email', type: 'email' }, password: { label: 'Password', type: 'password' } },
        async authorize(input) {
          try {
            const user = await signIn(deps.prisma, input, null)
            return { id: user.id, email: user.email }
          } catch (error) {
            if (isCoded(error, 'SIGN_IN_FAILED') || isCoded(error, 'SIGN_IN_THROTTLED')) throw new Error(error.code)
            deps.log.error({ err: error }, 'sign-in')
            throw new Error('UNEXPECTED')
          }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user ? { sub: user.id, email: user.email } : token),
    },
    logger: {
      error: (code) => deps.log.warn({ code }, 'next-auth'),
      warn: (code) => deps.log.debug({ code }, 'next-auth'),
      debug: () => {},
    },
  }
}
