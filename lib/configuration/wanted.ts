import { CodedError } from '#lib/errors/coded-error.ts'
import type { FieldIssue } from '#lib/errors/parse-input.ts'
import { channelKind } from '#lib/notifications/channels/registry.ts'
import { planInput } from '#lib/plans/input.ts'
import { repositoryKind } from '#lib/repositories/registry.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'
import { checkNames } from './check-names.ts'
import { flatIssues } from './issues.ts'
import { givenHooks, type HooksInFile, withoutTokens } from './plan-hooks.ts'
import { type Fields, type Present, type PresentState, sourceKey } from './present.ts'
import { type Complain, type Path, type ReadYaml, readYaml, refuse } from './read-yaml.ts'
import { keyOf } from './references.ts'
import { type ConfigurationDocument, documentSchema, type Kind, namesRepository } from './schema.ts'
import { howToGive } from './secret-form.ts'
import { type AsksForSettings, type GivenSettings, givenSettings, type Supplied } from './settings.ts'

/** One thing that the file names. */
export interface Wanted {
  name: string
  /** Where it stands in the file. */
  path: Path
  fields: Fields
  shown: Fields
  /** Of a source or repository: for the functions that store them. */
  settings?: Fields
  password?: string
  /** Of a plan: the tokens that change. */
  webhookTokens?: { url: string; token: string | null }[]
  /** Of a source that can only be made without its settings: which secrets nobody knows here. */
  missing?: string[]
}

/** Null: the file leaves the section out. */
export type WantedState = Record<Kind, Map<string, Wanted> | null>

export interface Given {
  yaml: string
  supplied: Supplied
  prune: boolean
}

type Entry<K extends keyof ConfigurationDocument> =
  NonNullable<ConfigurationDocument[K]> extends (infer E)[] ? E : never

/** What the file asks for, checked against what is there. Throws INPUT_INVALID with all that is wrong, line by line. */
export function readWanted(
  deps: { driverOf: (kind: string) => SourceDriver },
  given: Given,
  present: PresentState,
): { wanted: WantedState; issue: ReadYaml['issue'] } {
  const { value, issue } = readYaml(given.yaml)
  const parsed = documentSchema.safeParse(value)
  if (!parsed.success)
    return refuse(flatIssues(parsed.error.issues, [], documentSchema).map(({ path, problem }) => issue(path, problem)))
  const issues: FieldIssue[] = []
  const complain: Complain = (path, problem) => void issues.push(issue(path, problem))
  const file = parsed.data
  const list = <E>(section: string, found: E[] | undefined, read: (entry: E, path: Path) => Wanted) => {
    if (found === undefined) return null
    const items = found.map((entry, at) => read(entry, [section, at]))
    for (const [at, { name, path }] of items.entries())
      if (items.findIndex((other) => other.name === name) !== at)
        complain([...path, 'name'], `“${name}” is there twice`)
    return new Map(items.map((one) => [one.name, one]))
  }
  const wanted: WantedState = {
    environment: list('environments', file.environments, plainly),
    repository: list('repositories', file.repositories, (entry, path) =>
      repositoryOf(entry, path, present.repository.get(entry.name), given.supplied, complain),
    ),
    source: list('sources', file.sources, (entry, path) => {
      const stored = present.source.get(sourceKey(entry.environment, entry.name))
      return sourceOf(deps, entry, path, stored, given.supplied, complain)
    }),
    plan: list('plans', file.plans, (entry, path) =>
      planOf(entry, path, present.plan.get(entry.name), given.supplied, complain),
    ),
    channel: list('channels', file.channels, (entry, path) =>
      channelOf(entry, path, present.channel.get(entry.name), given.supplied, complain),
    ),
    settings: file.settings && new Map([['settings', plainly({ name: 'settings', ...file.settings }, ['settings'])]]),
  } as WantedState
  checkNames(wanted, present, given.prune, complain)
  if (issues.length > 0) refuse(issues)
  return { wanted, issue }
}

function plainly(fields: { name: string }, path: Path): Wanted {
  return { name: fields.name, path, fields, shown: fields }
}

function repositoryOf(
  entry: Entry<'repositories'>,
  path: Path,
  present: Present | undefined,
  supplied: Supplied,
  complain: Complain,
): Wanted {
  const { name, kind, settings, password: asked, ...about } = entry
  const known = asked && !('secret' in asked) ? supplied.get(keyOf(asked)) : undefined
  if ((kind === undefined) !== (settings === undefined))
    complain(path, 'needs both kind and settings, or neither: then its place stays as it is')
  if (!present && known === undefined)
    complain([...path, 'password'], `a repository that is not there yet needs its password: ${howToGive(asked)}`)
  if (present && known !== undefined && !present.hasPassword?.(known))
    complain([...path, 'password'], 'is another than the repository’s; “repositories password” changes it')
  if (kind === undefined || settings === undefined) {
    if (!present) complain(path, 'is not there yet, so it needs kind and settings')
    const { kind: itsKind, settings: its } = present?.fields ?? {}
    const fields = { name, kind: itsKind, settings: its, ...about }
    return { name, path, fields, shown: { name, ...about } }
  }
  if (present && present.fields.kind !== kind)
    complain(
      [...path, 'kind'],
      `is ${present.fields.kind} here and cannot be changed; give the new repository another name`,
    )
  const asks = kindOf(() => repositoryKind(kind), [...path, 'kind'], complain)
  if (!asks) return { name, path, fields: {}, shown: {} }
  const given = settingsOf(asks, settings, present?.secrets ?? null, supplied, path, complain)
  for (const field of given.missing)
    complain([...path, 'settings', ...field.split('.')], `is not known here: ${howToGive(undefined)}`)
  const fields = { name, kind, settings: given.parsed, ...about }
  const shown = { name, kind, settings: given.shown, ...about }
  return { name, path, fields, shown, settings: given.input, ...(known !== undefined && { password: known }) }
}

function sourceOf(
  deps: { driverOf: (kind: string) => SourceDriver },
  entry: Entry<'sources'>,
  path: Path,
  present: Present | undefined,
  supplied: Supplied,
  complain: Complain,
): Wanted {
  const { kind, settings, environment, settingsMissing, ...about } = entry
  const name = sourceKey(environment, entry.name)
  if (present && present.fields.kind !== kind)
    complain(
      [...path, 'kind'],
      `is ${present.fields.kind} here and cannot be changed; give the new source another name`,
    )
  const driver = kindOf(() => deps.driverOf(kind), [...path, 'kind'], complain)
  if (!driver) return { name, path, fields: {}, shown: {} }
  const place = { name: entry.name, environment, kind }
  const given = settingsMissing
    ? null
    : settingsOf(driver, settings, present?.secrets ?? null, supplied, path, complain)
  if (given && given.missing.length === 0) {
    const fields = { ...place, settings: given.parsed, settingsMissing, ...about }
    return { name, path, fields, shown: { ...fields, settings: given.shown }, settings: given.input }
  }
  if (settingsMissing && present && !present.fields.settingsMissing)
    complain([...path, 'settingsMissing'], 'its settings are known here')
  const fields = { ...place, settings: {}, settingsMissing: true, ...about, enabled: false }
  const shown = { ...fields, settings: given?.shown ?? settings }
  return { name, path, fields, shown, settings: given?.input ?? settings, missing: given?.missing ?? [] }
}

function planOf(
  entry: Entry<'plans'>,
  path: Path,
  present: Present | undefined,
  supplied: Supplied,
  complain: Complain,
): Wanted {
  const { selection } = entry
  const own = Object.entries(entry).filter(([key]) => !namesRepository(key))
  const checked = { ...withoutTokens(Object.fromEntries(own)), selection: 'sources' in selection ? {} : selection }
  const parsed = planInput.safeParse(checked)
  for (const one of parsed.success ? [] : flatIssues(parsed.error.issues, path)) complain(one.path, one.problem)
  const sorted = 'sources' in selection ? { sources: [...new Set(selection.sources)].sort() } : selection
  const hooks = entry as unknown as HooksInFile
  const { marked, webhookTokens } = givenHooks(hooks, present?.secrets ?? {}, supplied, complain, path)
  const fields = { ...entry, ...marked, selection: sorted }
  return { name: entry.name, path, fields, shown: fields, webhookTokens }
}

function channelOf(
  entry: Entry<'channels'>,
  path: Path,
  present: Present | undefined,
  supplied: Supplied,
  complain: Complain,
): Wanted {
  const { name, kind, settings, environments, plans, ...about } = entry
  if (present && present.fields.kind !== kind)
    complain(
      [...path, 'kind'],
      `is ${present.fields.kind} here and cannot be changed; give the new channel another name`,
    )
  const asks = kindOf(() => channelKind(kind), [...path, 'kind'], complain)
  if (!asks) return { name, path, fields: {}, shown: {} }
  const given = settingsOf(asks, settings, present?.secrets ?? null, supplied, path, complain)
  for (const field of given.missing)
    complain([...path, 'settings', ...field.split('.')], `is not known here: ${howToGive(undefined)}`)
  const sorted = { environments: unique(environments), plans: unique(plans) }
  const fields = { name, kind, ...about, ...sorted, settings: given.parsed }
  return { name, path, fields, shown: { ...fields, settings: given.shown }, settings: given.input }
}

const unique = (names: readonly string[]) => [...new Set(names)].sort()

function settingsOf(
  asks: AsksForSettings,
  settings: Fields,
  stored: Present['secrets'],
  supplied: Supplied,
  path: Path,
  complain: Complain,
): GivenSettings {
  const given = givenSettings(asks, settings, stored, supplied)
  for (const one of given.problems) complain([...path, 'settings', ...one.path], one.problem)
  return given
}

/** Undefined, and a complaint, where there is no such kind. */
function kindOf<T>(find: () => T, path: Path, complain: Complain): T | undefined {
  try {
    return find()
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    complain(path, `${thrown.message} ${thrown.remedy}`)
    return undefined
  }
}
