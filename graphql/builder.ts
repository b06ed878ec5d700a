import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import ErrorsPlugin from '@pothos/plugin-errors'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { requireScope, type Scope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { PrismaClient } from '#prisma/client/client.ts'
import type PrismaTypes from '#prisma/client/pothos-types.ts'
import { getDatamodel } from '#prisma/client/pothos-types.ts'
import type { Context } from './context.ts'

export const builder = new SchemaBuilder<{
  Context: Context
  PrismaTypes: PrismaTypes
  DefaultFieldNullability: false
  AuthScopes: { can: Scope }
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    BigInt: { Input: bigint; Output: bigint | number }
    JSON: { Input: Record<string, unknown>; Output: unknown }
  }
}>({
  // Authorization is outermost: its refusal is an error of the operation, never a member of a result union.
  plugins: [ScopeAuthPlugin, ErrorsPlugin, RelayPlugin, PrismaPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  prisma: {
    client: (context) => context.runtime.prisma as PrismaClient,
    dmmf: getDatamodel(),
    onUnusedQuery: null,
  },
  relay: { cursorType: 'String', nodeQueryOptions: false, nodesQueryOptions: false },
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: (context) => ({
      can: (scope) => {
        requireScope(context.actor, scope, scope === 'backup:read' ? 'read backups' : 'do this')
        return true
      },
    }),
    unauthorizedError: (_parent, context, _info, result) => {
      const cause = result.failure && 'error' in result.failure ? result.failure.error : null
      if (cause instanceof CodedError) return cause
      return context.actor
        ? new CodedError('FORBIDDEN', { action: 'do this', needs: 'a higher role' })
        : new CodedError('UNAUTHENTICATED', {})
    },
  },
  errors: {
    directResult: true,
    defaultTypes: [CodedError],
    defaultUnionOptions: { name: ({ fieldName }) => `${fieldName[0]?.toUpperCase()}${fieldName.slice(1)}Result` },
  },
  complexity: {
    limit: { complexity: 12_000, depth: 10, breadth: 200 },
    defaultListMultiplier: 10,
  },
})

builder.queryType({ authScopes: { can: 'backup:read' } })
builder.mutationType({ authScopes: { can: 'backup:read' } })
builder.subscriptionType({ authScopes: { can: 'backup:read' } })
