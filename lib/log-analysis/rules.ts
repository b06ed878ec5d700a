import type { Rule } from './rule.ts'
import { databaseRules } from './rules/databases.ts'
import { machineRules } from './rules/machine.ts'
import { placeRules } from './rules/places.ts'
import { postgresRules } from './rules/postgres.ts'
import { resticRules } from './rules/restic.ts'

/** Every known problem. Of two that recognise a line the earlier one speaks: special ones stand before general ones. */
export const rules: readonly Rule[] = [
  ...resticRules,
  ...postgresRules,
  ...databaseRules,
  ...placeRules,
  ...machineRules,
]
