import * as nextAuthModule from 'next-auth'
import { nextAuthOptions } from '#lib/auth/next-auth.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

// CommonJS: the default export sits one level deeper where it is loaded natively.
const NextAuth = ((nextAuthModule.default as unknown as { default?: typeof nextAuthModule.default }).default ??
  nextAuthModule.default) as typeof nextAuthModule.default

let handler: ((request: Request, context: unknown) => Promise<Response>) | undefined

function handle(request: Request, context: unknown): Promise<Response> {
  const { publicUrl } = runtime()
  handler ??= NextAuth(nextAuthOptions({ ...runtime(), secureCookies: publicUrl.startsWith('https:') }))
  return (handler as NonNullable<typeof handler>)(request, context)
}

export { handle as GET, handle as POST }
