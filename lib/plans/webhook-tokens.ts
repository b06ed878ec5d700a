import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { secretText } from '#lib/forms/settings.ts'
import type { Hook } from '#lib/hooks/hook.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import type { Secret } from '#lib/secrets/secret.ts'

/** Tokens of webhooks by their addresses; null takes one away. Write-only. */
export const tokensInput = z
  .array(z.strictObject({ url: z.string(), token: secretText.nullable() }))
  .max(20, 'may be at most 20')
export type TokensInput = z.output<typeof tokensInput>

/** Sealed tokens by the addresses that they are for. */
export const sealedTokens = z.record(z.string(), z.string())

const context = (url: string) => `webhook-token:${url}`

/**
 * The tokens of a plan after a change: those that were there and those that are given. A token belongs to an address: another
 * address gets none, so that nobody can have a stored one sent to a place of their own. Throws INPUT_INVALID for a token
 * without a webhook.
 */
export function changedTokens(
  secretKey: SecretKey,
  before: Record<string, string>,
  given: TokensInput,
  hooks: readonly Hook[],
): Record<string, string> {
  const urls = new Set(hooks.flatMap((hook) => (hook.kind === 'webhook' ? [hook.url] : [])))
  const kept = new Map(Object.entries(before).filter(([url]) => urls.has(url)))
  for (const [index, { url, token }] of given.entries()) {
    if (!urls.has(url)) {
      const issue = { path: `webhookTokens.${index}.url`, problem: 'is the address of none of its webhooks' }
      throw new CodedError('INPUT_INVALID', { issues: [issue] })
    }
    if (token === null) kept.delete(url)
    else kept.set(url, seal(secretKey, token, context(url)))
  }
  return Object.fromEntries(kept)
}

/** Throws SECRET_UNREADABLE. */
export function openToken(secretKey: SecretKey, url: string, sealed: string): Secret {
  return unseal(secretKey, sealed, context(url))
}
