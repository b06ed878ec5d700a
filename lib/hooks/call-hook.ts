import type { Config } from '#lib/config/config.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { networks } from './addresses.ts'
import { callWebhook } from './call-webhook.ts'
import { type Hook, type HookNotice, hookTitle } from './hook.ts'
import { runCommand } from './run-command.ts'

export interface HookCall {
  config: Pick<Config, 'COMMANDS_FILE' | 'WEBHOOK_PRIVATE_NETWORKS'>
  notice: HookNotice
  key: string
  token: Secret | null
  signal: AbortSignal
  onLine: (line: string) => void
}

/**
 * Calls a hook once, within its time. Rejects with HOOK_TOO_LONG when that has passed, with the reason of its failure, or with
 * the signal's reason.
 */
export async function callHook(hook: Hook, { config, signal, ...call }: HookCall): Promise<void> {
  const deadline = AbortSignal.timeout(hook.timeoutSeconds * 1000)
  const either = AbortSignal.any([signal, deadline])
  try {
    if (hook.kind === 'webhook') {
      const allowed = networks(...config.WEBHOOK_PRIVATE_NETWORKS)
      const status = await callWebhook(hook, { ...call, allowed, signal: either })
      call.onLine(`it answered ${status}`)
    } else await runCommand(hook, { ...call, commandsFile: config.COMMANDS_FILE ?? null, signal: either })
  } catch (thrown) {
    signal.throwIfAborted()
    if (deadline.aborted) throw new CodedError('HOOK_TOO_LONG', { hook: hookTitle(hook), seconds: hook.timeoutSeconds })
    throw thrown
  }
}
