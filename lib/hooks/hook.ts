import { z } from 'zod'
import { commandName, commandValues } from '#lib/commands/values.ts'

/*
 * What a plan calls before and after its backups. `kind` decides: a webhook is a POST of JSON, a command is a program of
 * the worker's file of allowed ones.
 */

const timeoutSeconds = z.int().min(1, 'must be at least 1').max(3600, 'may be at most 3600')

const webhookUrl = z
  .url({ protocol: /^https?$/, error: 'must be an address like https://example.org/hook' })
  .max(2000, 'may have at most 2000 characters')
  .refine((text) => {
    const url = URL.parse(text)
    return url === null || (url.username === '' && url.password === '' && url.hash === '')
  }, 'may hold no user, password or fragment; a secret goes into the token')

export const hookInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook'), url: webhookUrl, timeoutSeconds: timeoutSeconds.default(30) }),
  z.strictObject({
    kind: z.literal('command'),
    command: commandName,
    values: commandValues,
    timeoutSeconds: timeoutSeconds.default(300),
  }),
])

export const hooksInput = z.array(hookInput).max(10, 'may be at most 10')

export type Hook = z.output<typeof hookInput>
export type Webhook = Extract<Hook, { kind: 'webhook' }>
export type HookCommand = Extract<Hook, { kind: 'command' }>

/** What a hook is told. */
export interface HookNotice {
  phase: 'before' | 'after'
  /** How the backup ended: succeeded, partial, failed, cancelled or interrupted. Null before it. */
  outcome: string | null
  plan: string
  backup_id: string
  environments: string[]
  sources: { name: string; environment: string }[]
}

/** For those who may not change plans: the addresses of many services hold a secret. */
export const withoutPath = (hook: Hook): Hook =>
  hook.kind === 'webhook' ? { ...hook, url: `${new URL(hook.url).origin}/…` } : hook

/** “the webhook to example.org”: without its path, which may hold what others should not read in a log. */
export const hookTitle = (hook: Hook): string =>
  hook.kind === 'webhook' ? `the webhook to ${new URL(hook.url).host}` : `the command “${hook.command}”`
