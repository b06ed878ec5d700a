import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { withoutDefaults } from './leave-out.ts'
import { type PresentDeps, type PresentState, readPresent } from './present.ts'
import { entries, type Kind, sections } from './schema.ts'
import { writeYaml } from './write-yaml.ts'

/**
 * All that can be configured, without secrets, as YAML: the same configuration gives the same bytes. Throws UNAUTHENTICATED,
 * FORBIDDEN, and SECRET_UNREADABLE when the secret key is not the one that secrets were stored with.
 */
export async function exportConfiguration(deps: PresentDeps, actor: Actor | null): Promise<{ yaml: string }> {
  requireScope(actor, 'settings:write', 'export the configuration')
  return { yaml: writeYaml(documentOf(await readPresent(deps))) }
}

/** Short: what has its default is left out, but for the name of a section that is empty. */
export function documentOf(present: PresentState): object {
  const section = (kind: Kind) => [...present[kind].values()].map((one) => withoutDefaults(entries[kind], one.shown))
  const { settings, ...lists } = sections
  return {
    version: 1,
    ...Object.fromEntries(Object.entries(lists).map(([kind, name]) => [name, section(kind as Kind)])),
    [settings]: section('settings')[0],
  }
}
