import type { Config } from '#lib/config/config.ts'
import { ruleInput } from '#lib/retention/rule.ts'

export type PlanConfig = Pick<Config, 'BACKUP_SCHEDULE' | 'TRIGGER_TYPE' | 'DATA_SELECTION' | 'RETENTION_POLICY'>

const types = { all: [], database: ['DATABASE'], user_data: ['USER_DATA'], files: ['STORAGE'] } as const

/** What a new plan has where nothing else is said: the installation's documented options. */
export function planDefaults(config: PlanConfig) {
  return {
    schedule: config.TRIGGER_TYPE === 'scheduled' ? config.BACKUP_SCHEDULE : null,
    selection: { environments: [], types: [...types[config.DATA_SELECTION]], tags: [] },
    retention: ruleInput.parse({ days: config.RETENTION_POLICY }),
  }
}
