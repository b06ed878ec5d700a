import { z } from 'zod'
import type { Secrets } from '#lib/forms/kept-secrets.ts'
import { type Hook, hookInput } from '#lib/hooks/hook.ts'
import type { Complain, Path } from './read-yaml.ts'
import { keyOf } from './references.ts'
import { ANOTHER, howToGive, KEPT, secretForm } from './secret-form.ts'
import type { Supplied } from './settings.ts'

/*
 * What a plan calls. The token of a webhook is stored beside the hooks, by its address; in the file it stands in its hook.
 */

const [webhook, command] = hookInput.options
const hooks = z
  .array(z.discriminatedUnion('kind', [webhook.extend({ token: secretForm.nullable().optional() }), command]))
  .max(10, 'may be at most 10')
  .default([])

export const hookFields = { hooksBefore: hooks, hooksAfter: hooks }
export type HooksInFile = { [name in keyof typeof hookFields]: z.output<typeof hooks> }

/** Stored hooks, with marks in the place of tokens. */
export const storedHooks = (plan: Record<keyof HooksInFile, Hook[]>, tokens: Secrets): HooksInFile =>
  mapHooks(plan, (hook) =>
    hook.kind === 'webhook' && Object.hasOwn(tokens, hook.url) ? { ...hook, token: KEPT } : hook,
  )

/**
 * The hooks of the file, with marks in the place of tokens, and the tokens that change. A token that the file leaves out, or
 * says is kept, stays; null takes it away.
 */
export function givenHooks(plan: HooksInFile, stored: Secrets, supplied: Supplied, complain: Complain, path: Path) {
  const webhookTokens: { url: string; token: string | null }[] = []
  const marked = mapHooks(plan, (hook, at) => {
    if (hook.kind !== 'webhook') return hook
    const { token: asked, ...rest } = hook
    const known = Object.hasOwn(stored, hook.url) ? stored[hook.url] : undefined
    const given = asked && !('secret' in asked) ? supplied.get(keyOf(asked)) : undefined
    if (asked === null) {
      if (known !== undefined) webhookTokens.push({ url: hook.url, token: null })
      return rest
    }
    if (given !== undefined && given !== known) {
      webhookTokens.push({ url: hook.url, token: given })
      return { ...rest, token: known === undefined ? KEPT : ANOTHER }
    }
    if (known !== undefined) return { ...rest, token: KEPT }
    if (asked) complain([...path, ...at, 'token'], `is not known here: ${howToGive(asked)}, or say null for none`)
    return rest
  })
  return { marked, webhookTokens }
}

/** As the functions take them that store plans. */
export const withoutTokens = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      Object.hasOwn(hookFields, key) ? (value as { token?: unknown }[]).map(({ token: _, ...hook }) => hook) : value,
    ]),
  )

function mapHooks<H, T>(plan: Record<keyof HooksInFile, H[]>, change: (hook: H, at: Path) => T) {
  const list = (name: keyof HooksInFile) => plan[name].map((hook, index) => change(hook, [name, index]))
  return { hooksBefore: list('hooksBefore'), hooksAfter: list('hooksAfter') } as unknown as HooksInFile
}
