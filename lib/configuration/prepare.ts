import type { Actor } from '#lib/auth/actor.ts'
import type { TryDeps } from '#lib/environments/try.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { FieldIssue } from '#lib/errors/parse-input.ts'
import type { MaintenanceDeps } from '#lib/maintenance/performer.ts'
import { testRepository } from '#lib/repositories/create.ts'
import type { OptionConfig } from '#lib/settings/options.ts'
import { type Change, type Comparison, compare } from './diff.ts'
import { type PresentState, readPresent } from './present.ts'
import { type ReadYaml, refuse } from './read-yaml.ts'
import { type Given, readWanted, type Wanted, type WantedState } from './wanted.ts'

export type ConfigurationDeps = MaintenanceDeps & TryDeps & { config: OptionConfig }

export interface Prepared extends Comparison {
  present: PresentState
  wanted: WantedState
  issue: ReadYaml['issue']
  /** New repositories whose place holds one already: they are connected, not made. */
  existing: Set<string>
}

/** What a file would change, after a look at the places of new repositories. Throws INPUT_INVALID. */
export async function prepare(deps: ConfigurationDeps, actor: Actor, given: Given): Promise<Prepared> {
  const present = await readPresent(deps)
  const { wanted, issue } = readWanted(deps, given, present)
  const compared = compare(present, wanted, given.prune)
  const existing = new Set<string>()
  const issues: FieldIssue[] = []
  for (const change of compared.changes.filter(isNewRepository)) {
    const one = wanted.repository?.get(change.name) as Wanted
    try {
      const isThere = await holdsRepository(deps, actor, one)
      if (isThere) existing.add(one.name)
      change.fields.push({ path: 'place', from: undefined, to: isThere ? CONNECTED : MADE })
    } catch (thrown) {
      issues.push(issue(one.path, wordsOf(thrown)))
    }
  }
  if (issues.length > 0) refuse(issues)
  return { ...compared, present, wanted, issue, existing }
}

const CONNECTED = 'a repository is there and is connected'
const MADE = 'nothing is there: a new, empty repository is made'

const isNewRepository = ({ action, kind }: Change) => action === 'create' && kind === 'repository'

/** Rejects with what is wrong with the place, such as another password. */
async function holdsRepository(deps: ConfigurationDeps, actor: Actor, { fields, settings, password }: Wanted) {
  const { state } = await testRepository(deps, actor, { kind: fields.kind, settings, password })
  return state === 'opens'
}

/** What a person is told of it. Rethrows what is none of ours. */
export function wordsOf(thrown: unknown): string {
  if (thrown instanceof CodedError) return `${thrown.message} ${thrown.remedy} (${thrown.code})`
  throw thrown
}
