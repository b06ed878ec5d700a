import type { Transaction } from '#lib/database/database.ts'
import { type OptionConfig, type OptionName, readOptions } from '#lib/settings/options.ts'
import type { TriggerInput } from './input.ts'

/** An option as it was for a backup. */
export interface UsedOption {
  name: OptionName
  value: string
  /** Who said so. */
  origin: 'TRIGGER' | 'PLAN' | 'SETTINGS' | 'ENVIRONMENT' | 'DEFAULT'
}

const selections = { FULL: 'all', DATABASE: 'database', USER_DATA: 'user_data', STORAGE: 'files' } as const

/**
 * The options that a backup goes by, with who said so. When it starts again, and what a new plan takes, are no options of a
 * backup. What its plan keeps is said by the plan's page, since that may change. The log of a run is whole unless somebody
 * said otherwise: the option is about the servers' own.
 */
export async function usedOptions(
  tx: Transaction,
  config: OptionConfig,
  input: TriggerInput,
  isOfPlan: boolean,
): Promise<UsedOption[]> {
  const states = new Map((await readOptions(tx, config)).map((state) => [state.name, state]))
  const said: Partial<Record<OptionName, string | number | boolean | undefined>> = {
    data_selection: selections[input.type],
    retention_policy: input.retentionDays,
    compression_level: input.compressionLevel,
    notification_enabled: input.notificationEnabled,
    log_verbosity: input.logVerbosity,
  }
  const names = Object.keys(said) as OptionName[]
  return names
    .filter((name) => !(isOfPlan && name === 'retention_policy'))
    .filter((name) => name !== 'log_verbosity' || said.log_verbosity !== undefined)
    .map((name) => {
      const state = states.get(name)
      const own = said[name]
      if (own !== undefined) return { name, value: String(own), origin: isOfPlan ? 'PLAN' : 'TRIGGER' }
      return { name, value: state?.value ?? '', origin: state?.origin ?? 'DEFAULT' }
    })
}
