import { entry } from './entry.ts'

/** Who may. */
export const access = {
  UNAUTHENTICATED: entry({
    kind: 'unauthenticated',
    retry: 'never',
    message: () => 'Nobody is signed in, or the token is not valid any more.',
    remedy: () => 'Sign in, or send “Authorization: Bearer <token>” with a token made by npm run token.',
  }),
  SIGN_IN_FAILED: entry({
    kind: 'unauthenticated',
    retry: 'never',
    message: () => 'The email address or the password is wrong.',
    remedy: () => 'Check both and try again.',
  }),
  SIGN_IN_THROTTLED: entry<{ retryAfterSeconds: number }>({
    kind: 'limit',
    retry: 'later',
    message: () => 'Too many failed sign-ins.',
    remedy: (d) => `Wait ${d.retryAfterSeconds} seconds and try again.`,
  }),
  FORBIDDEN: entry<{ action: string; needs: string }>({
    kind: 'forbidden',
    retry: 'never',
    message: (d) => `You may not ${d.action}: it needs ${d.needs}.`,
    remedy: () => 'Ask an administrator for the role, or use a token with the scope.',
  }),
  RATE_LIMITED: entry<{ limit: number; retryAfterSeconds: number; what?: string }>({
    kind: 'limit',
    retry: 'later',
    message: (d) => `More than ${d.limit} ${d.what ?? 'backups were triggered'} within a minute.`,
    remedy: (d) => `Wait ${d.retryAfterSeconds} seconds and try again.`,
  }),
}
