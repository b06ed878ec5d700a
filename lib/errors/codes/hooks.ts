import { entry } from './entry.ts'

/** What a plan calls before and after its backups. */
export const hooks = {
  HOOK_FAILED: entry<{ hook: string; reason: string; remedy: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `Nothing was saved, because a hook before the backup failed, ${d.hook}: ${d.reason}`,
    remedy: (d) => `${d.remedy} Then run the plan again.`,
  }),
  HOOK_TOO_LONG: entry<{ hook: string; seconds: number }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `A hook, ${d.hook}, did not end within ${d.seconds} seconds and was stopped.`,
    remedy: () => 'See on its side what took so long. If it is to be expected, give the hook more seconds in the plan.',
  }),
  HOOK_COMMAND_FAILED: entry<{ command: string; exit: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The command “${d.command}” failed (${d.exit}): ${d.reason}.`,
    remedy: () => 'Read what it wrote in the log of the backup, and mend the cause.',
  }),
  WEBHOOK_FAILED: entry<{ host: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The webhook to ${d.host} failed: ${d.reason}.`,
    remedy: () => 'See that its address and token are right and that the worker’s machine reaches it.',
  }),
  WEBHOOK_ADDRESS_REFUSED: entry<{ host: string; address: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The webhook to ${d.host} was not called: ${d.address} is no public address.`,
    remedy: () =>
      'If it may be reached, let the operator of the worker’s machine name its network in WEBHOOK_PRIVATE_NETWORKS.',
  }),
}
