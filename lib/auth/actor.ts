import { CodedError } from '#lib/errors/coded-error.ts'
import type { Role } from '#prisma/client/enums.ts'

/** What an API token may be allowed to do. A session may do all that its role may. */
export const scopes = ['backup:read', 'backup:trigger', 'backup:restore', 'user-data:export', 'settings:write'] as const
export type Scope = (typeof scopes)[number]

/** Who acts: a signed-in person, or a token of theirs. */
export interface Actor {
  userId: string
  email: string
  role: Role
  scopes: readonly Scope[]
  /** Set when the actor came with an API token. */
  tokenId: string | null
  address: string | null
}

const least: Record<Scope, readonly Role[]> = {
  'backup:read': ['VIEWER', 'OPERATOR', 'ADMIN'],
  'backup:trigger': ['OPERATOR', 'ADMIN'],
  'backup:restore': ['ADMIN'],
  'user-data:export': ['OPERATOR', 'ADMIN'],
  'settings:write': ['ADMIN'],
}

/** Whether the actor's role and token reach. */
export function hasScope(actor: Actor | null, scope: Scope): boolean {
  return actor !== null && least[scope].includes(actor.role) && actor.scopes.includes(scope)
}

/** Throws UNAUTHENTICATED for nobody, FORBIDDEN when the actor's role or token does not reach. */
export function requireScope(actor: Actor | null, scope: Scope, action: string): asserts actor is Actor {
  if (!actor) throw new CodedError('UNAUTHENTICATED', {})
  if (!least[scope].includes(actor.role))
    throw new CodedError('FORBIDDEN', { action, needs: `the role ${least[scope].join(' or ')}` })
  if (!actor.scopes.includes(scope))
    throw new CodedError('FORBIDDEN', { action, needs: `a token with the scope ${scope}` })
}
