import { z } from 'zod'
import { parseVariable } from '#lib/config/config.ts'
import { assertionsInput } from '#lib/environments/assertions.ts'
import { environmentInput } from '#lib/environments/create.ts'
import { maskingInput } from '#lib/environments/masking.ts'
import { nameInput, tagsInput } from '#lib/errors/parse-input.ts'
import { channelInput } from '#lib/notifications/channels/change.ts'
import { planInput } from '#lib/plans/input.ts'
import { selectionInput } from '#lib/plans/selection.ts'
import { repositoryOptions } from '#lib/repositories/options.ts'
import { ruleInput } from '#lib/retention/rule.ts'
import { recipientsSchema } from '#lib/settings/notification-settings.ts'
import { type OptionName, optionNames, options } from '#lib/settings/options.ts'
import { hookFields } from './plan-hooks.ts'
import { secretForm } from './secret-form.ts'

/*
 * What stands in the file. It says the same as the inputs of the functions that make these things, from whose schemas it is
 * made, but names what they know by ids: a repository by its name, a source as “environment/name”.
 */

const settings = z.record(z.string(), z.unknown())
const repository = nameInput.nullable().default(null)
const sourceName = z
  .string()
  .trim()
  .regex(/^[^/]+\/./, 'must be like production/shop: its environment and its name')

const { repositoryId: _, ...environmentShape } = environmentInput.shape
const environmentEntry = z.strictObject({ ...environmentShape, repository })

const repositoryEntry = z.strictObject({
  name: nameInput,
  /** Left out with the settings: its place stays as it is. */
  kind: z.string().optional(),
  settings: settings.optional(),
  password: secretForm.optional(),
  default: z.boolean().default(false),
  copyTo: nameInput.nullable().default(null),
  options: repositoryOptions.default(repositoryOptions.parse({})),
})

const sourceEntry = z.strictObject({
  name: nameInput,
  environment: nameInput,
  kind: z.string(),
  settings: settings.default({}),
  /** Its settings are still to be entered by somebody; it is disabled until then. */
  settingsMissing: z.boolean().default(false),
  enabled: z.boolean().default(true),
  repository,
  tags: tagsInput.default([]),
  maxAgeHours: z.int().min(1).max(100_000).nullable().default(null),
  assertions: assertionsInput.default([]),
  maskingSql: maskingInput.default(null),
})

const [selectionByWords] = selectionInput.options
const planShape = named(planInput.shape)
const planEntry = z.strictObject({
  ...planShape,
  ...hookFields,
  name: nameInput,
  selection: z.union([selectionByWords, z.strictObject({ sources: z.array(sourceName).max(1000) })]),
  schedule: planInput.shape.schedule.default(null),
  retention: planInput.shape.retention.default(ruleInput.parse({})),
})

const { environmentIds: _e, planIds: _p, escalateToId: _t, ...channelShape } = channelInput.shape
const names = z.array(nameInput).max(1000).default([])
const channelEntry = z.strictObject({
  ...channelShape,
  settings: settings.default({}),
  environments: names,
  plans: names,
  /** Another channel; `escalateAfterMinutes` goes with it. */
  escalateTo: nameInput.nullable().default(null),
})

/** What is set on the settings page, by the option's name; what is left out is as the environment says. */
const optionTexts = z
  .partialRecord(z.enum(optionNames), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .superRefine((texts, context) => {
    for (const [name, text] of Object.entries(texts)) {
      const parsed = parseVariable(options[name as OptionName].variable, text)
      for (const { message } of parsed.error?.issues ?? []) context.addIssue({ code: 'custom', path: [name], message })
    }
  })

const settingsEntry = z.strictObject({
  notificationRecipients: recipientsSchema.default([]),
  options: optionTexts.default({}),
})

/** A section that is left out is not touched. */
export const documentSchema = z.strictObject({
  version: z.literal(1, 'must be 1, the only version that there is'),
  environments: z.array(environmentEntry).max(1000).optional(),
  repositories: z.array(repositoryEntry).max(1000).optional(),
  sources: z.array(sourceEntry).max(10_000).optional(),
  plans: z.array(planEntry).max(1000).optional(),
  channels: z.array(channelEntry).max(1000).optional(),
  settings: settingsEntry.optional(),
})

export type ConfigurationDocument = z.output<typeof documentSchema>

export const entries = {
  environment: environmentEntry,
  repository: repositoryEntry,
  source: sourceEntry,
  plan: planEntry,
  channel: channelEntry,
  settings: settingsEntry,
} as const
export type Kind = keyof typeof entries

/** The sections of the file, in the order in which things can be made. */
export const sections = {
  environment: 'environments',
  repository: 'repositories',
  source: 'sources',
  plan: 'plans',
  channel: 'channels',
  settings: 'settings',
} as const satisfies Record<Kind, keyof ConfigurationDocument>

/** Fields that hold a repository’s id hold its name in the file: `copyRepositoryId` is `copyRepository`. */
function named(shape: Record<string, z.ZodType>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, field]) => (holdsRepository(key) ? [key.slice(0, -2), repository] : [key, field])),
  )
}

export function holdsRepository(key: string): boolean {
  return /^(repository|\w+Repository)Id$/.test(key)
}

/** What it is called in the file. */
export const namesRepository = (key: string): boolean => /^(repository|\w+Repository)$/.test(key)
