import type { Config } from '#lib/config/config.ts'
import { parseVariable } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'

/*
 * The documented options. What an option is, the first of these says that says anything:
 *
 *   the trigger or the plan  ▶  the settings page  ▶  the environment variable  ▶  the default
 *
 * Whoever acts by one asks `withOptions` at that moment, so that a change holds at once in every process.
 */

export const options = {
  backup_schedule: {
    variable: 'BACKUP_SCHEDULE',
    meaning: 'When a new plan that goes by the clock starts: hourly, daily, weekly, monthly or a cron expression.',
    choices: null,
  },
  trigger_type: {
    variable: 'TRIGGER_TYPE',
    meaning: 'Whether a new plan goes by the clock (scheduled) or is started by hand (manual).',
    choices: ['manual', 'scheduled'],
  },
  data_selection: {
    variable: 'DATA_SELECTION',
    meaning: 'Which sources a new plan takes.',
    choices: ['all', 'database', 'user_data', 'files'],
  },
  retention_policy: {
    variable: 'RETENTION_POLICY',
    meaning:
      'For how many days backups are kept: those of new plans, and those that no plan made, where the trigger does not say.',
    choices: null,
  },
  compression_level: {
    variable: 'COMPRESSION_LEVEL',
    meaning: 'How hard backups are compressed, 1 (least) to 9, where neither trigger nor plan says.',
    choices: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
  },
  notification_enabled: {
    variable: 'NOTIFICATION_ENABLED',
    meaning: 'Whether mails are sent, where neither trigger nor plan says.',
    choices: ['true', 'false'],
  },
  log_verbosity: {
    variable: 'LOG_VERBOSITY',
    meaning:
      'From which level on the servers and workers log. Logs of runs are whole where neither trigger nor plan says.',
    choices: ['DEBUG', 'INFO', 'WARNING', 'ERROR'],
  },
} as const satisfies Record<string, { variable: keyof Config; meaning: string; choices: readonly string[] | null }>

export type OptionName = keyof typeof options
export const optionNames = Object.keys(options) as [OptionName, ...OptionName[]]
type OptionVariable = (typeof options)[OptionName]['variable']
export type OptionConfig = Pick<Config, OptionVariable | 'given'>

export interface OptionState {
  name: OptionName
  variable: OptionVariable
  meaning: string
  /** What it may be; null: see the meaning. */
  choices: readonly string[] | null
  /** As a variable's text has it. */
  value: string
  origin: 'DEFAULT' | 'ENVIRONMENT' | 'SETTINGS'
  /** What it would be without the settings page. */
  otherwise: string
  /** When it was set on the settings page. */
  changedAt: Date | null
}

const KEY = 'option.'
export const keyOf = (name: OptionName): string => `${KEY}${name}`

/** The configuration with what was set on the settings page in the place of what the environment says. */
export async function withOptions<C extends Partial<OptionConfig>>(db: Database | Transaction, config: C): Promise<C> {
  const set = await readSet(db)
  const values = [...set].map(([name, { text }]) => {
    const { variable } = options[name]
    const parsed = parseVariable(variable, text)
    return parsed.success ? { [variable]: parsed.data } : {}
  })
  return Object.assign({}, config, ...values)
}

/** The texts of what was set on the settings page. */
export async function setOptions(db: Database | Transaction): Promise<Partial<Record<OptionName, string>>> {
  return Object.fromEntries([...(await readSet(db))].map(([name, { text }]) => [name, text]))
}

/** All options, in the documented order. */
export async function readOptions(db: Database | Transaction, config: OptionConfig): Promise<OptionState[]> {
  const set = await readSet(db)
  return optionNames.map((name) => {
    const { variable, meaning, choices } = options[name]
    const here = set.get(name)
    const otherwise = String(config[variable])
    return {
      name,
      variable,
      meaning,
      choices,
      value: here?.text ?? otherwise,
      origin: here ? 'SETTINGS' : config.given.has(variable) ? 'ENVIRONMENT' : 'DEFAULT',
      otherwise,
      changedAt: here?.changedAt ?? null,
    }
  })
}

/** Those that were set on the settings page. One that this version cannot read counts as not set. */
async function readSet(db: Database | Transaction): Promise<Map<OptionName, { text: string; changedAt: Date }>> {
  const rows = await db.setting.findMany({ where: { key: { startsWith: KEY } } })
  const texts = new Map(rows.map((row) => [row.key, { text: String(row.value), changedAt: row.updatedAt }]))
  return new Map(
    optionNames.flatMap((name) => {
      const found = texts.get(keyOf(name))
      return found && parseVariable(options[name].variable, found.text).success ? [[name, found]] : []
    }),
  )
}
