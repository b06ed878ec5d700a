import type { Actor } from '#lib/auth/actor.ts'
import { setCopyTarget } from '#lib/maintenance/copy-target.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { updateRepository } from '#lib/repositories/update.ts'
import type { Change } from './diff.ts'
import type { ConfigurationDeps, Prepared } from './prepare.ts'
import { stopped } from './stopped.ts'
import type { Wanted } from './wanted.ts'

/**
 * What restic has a part in: new repositories, other places, and where copies go. Answers what was done. One that others
 * send copies to is made after them, so that it cuts data as they do and copies share pieces. Throws CONFIGURATION_STOPPED.
 */
export async function makeRepositories(
  deps: ConfigurationDeps,
  actor: Actor,
  { changes, wanted, present, existing }: Prepared,
): Promise<string[]> {
  const done: string[] = []
  const ids = new Map([...present.repository.values()].map(({ name, id }) => [name, id]))
  const about = (change: Change) => wanted.repository?.get(change.name) as Wanted
  const senderTo = (name: string) =>
    [...(wanted.repository?.values() ?? [])].find(({ fields }) => fields.copyTo === name)?.name
  const attempt = async (change: Change, words: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (thrown) {
      throw stopped(thrown, change, done)
    }
    done.push(`repository “${change.name}” ${words}`)
  }
  const ours = changes.filter(({ kind, action }) => kind === 'repository' && action !== 'delete')
  const depth = (name: string | undefined, seen: string[] = []): number =>
    name === undefined || seen.includes(name) ? 0 : 1 + depth(senderTo(name), [...seen, name])
  const created = ours.filter(({ action }) => action === 'create').sort((a, b) => depth(a.name) - depth(b.name))
  for (const change of created)
    await attempt(change, existing.has(change.name) ? 'connected' : 'made', async () => {
      const { name, fields, settings, password } = about(change)
      const copyOf = existing.has(name) ? undefined : ids.get(senderTo(name) ?? '')
      const asked = { name, kind: fields.kind, settings, password, existing: existing.has(name), copyOf }
      ids.set(name, (await createRepository(deps, actor, asked)).id)
    })
  for (const change of ours.filter((one) => one.action === 'update' && touches(one, 'settings')))
    await attempt(change, 'moved', () =>
      updateRepository(deps, actor, { id: ids.get(change.name), settings: about(change).settings }),
    )
  for (const change of ours.filter((one) => touches(one, 'copyTo')))
    await attempt(change, 'told where copies go', () => {
      const { copyTo } = about(change).fields
      const targetId = copyTo === null ? null : ids.get(copyTo as string)
      return setCopyTarget(deps, actor, { repositoryId: ids.get(change.name), targetId })
    })
  return done
}

const touches = ({ fields }: Change, name: string): boolean =>
  fields.some(({ path }) => path === name || path.startsWith(`${name}.`))
