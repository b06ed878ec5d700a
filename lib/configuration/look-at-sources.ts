import type { Actor } from '#lib/auth/actor.ts'
import { seesEnvironment } from '#lib/environments/look.ts'
import { testSource } from '#lib/environments/try.ts'
import type { FieldIssue } from '#lib/errors/parse-input.ts'
import { type ConfigurationDeps, type Prepared, wordsOf } from './prepare.ts'
import { refuse } from './read-yaml.ts'
import type { Wanted } from './wanted.ts'

const AT_ONCE = 4

/**
 * Looks at the sources that are new or whose settings change, as far as this process sees their environments: what cannot
 * be read now is refused before anything is changed. Throws INPUT_INVALID.
 */
export async function lookAtSources(
  deps: ConfigurationDeps,
  actor: Actor,
  { changes, wanted, present, issue }: Prepared,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = changes
    .filter(({ kind, action, fields }) => {
      const isAbout = action === 'create' || fields.some(({ path }) => /^settings/.test(path))
      return kind === 'source' && action !== 'delete' && isAbout
    })
    .map(({ name }) => wanted.source?.get(name) as Wanted)
    .filter(({ missing, fields }) => !missing && seesEnvironment(deps.config, fields.environment as string))
  const issues: FieldIssue[] = []
  const look = async ({ name, fields, settings, path }: Wanted) => {
    const id = present.source.get(name)?.id
    const { environment, kind } = fields
    try {
      await testSource(deps, actor, id ? { id, settings } : { environment, kind, settings }, signal)
    } catch (thrown) {
      issues.push(issue(path, `“${name}”: ${wordsOf(thrown)}`))
    }
  }
  while (waiting.length > 0) await Promise.all(waiting.splice(0, AT_ONCE).map(look))
  if (issues.length > 0) refuse(issues)
}
