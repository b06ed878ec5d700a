import { hint } from './issues.ts'
import type { PresentState } from './present.ts'
import type { Complain } from './read-yaml.ts'
import { type Kind, namesRepository, sections } from './schema.ts'
import type { Wanted, WantedState } from './wanted.ts'

/** Whether everything that is named is, or will be, there, under exactly that name. */
export function checkNames(wanted: WantedState, present: PresentState, prune: boolean, complain: Complain): void {
  const require = (kind: Kind, name: unknown, path: Wanted['path']) => {
    if (typeof name !== 'string') return
    const inFile = [...(wanted[kind]?.keys() ?? [])]
    const known = new Set([...inFile, ...(prune && wanted[kind] ? [] : present[kind].keys())])
    if (!known.has(name)) complain(path, `there is no ${kind} “${name}”${hint(name, [...known])}`)
  }
  for (const kind of Object.keys(sections) as Kind[]) refuseLookAlikes(wanted, present, kind, complain)
  for (const { fields, path } of itemsOf(wanted, 'environment'))
    require('repository', fields.repository, [...path, 'repository'])
  for (const { fields, path } of itemsOf(wanted, 'repository'))
    require('repository', fields.copyTo, [...path, 'copyTo'])
  for (const { fields, path } of itemsOf(wanted, 'source')) {
    require('environment', fields.environment, [...path, 'environment'])
    require('repository', fields.repository, [...path, 'repository'])
  }
  for (const { name, fields, path } of itemsOf(wanted, 'plan')) {
    const { sources, environments } = fields.selection as { sources?: string[]; environments?: string[] }
    for (const key of Object.keys(fields).filter(namesRepository)) require('repository', fields[key], [...path, key])
    for (const one of sources ?? []) require('source', one, [...path, 'selection', 'sources'])
    for (const one of environments ?? []) require('environment', one, [...path, 'selection', 'environments'])
    const before = present.plan.get(name)?.fields.selection as { sources?: string[] } | undefined
    if (sources?.length === 0 && before?.sources?.length !== 0) complain([...path, 'selection'], 'names no source')
  }
  for (const { fields, path } of itemsOf(wanted, 'channel')) {
    const { environments, plans } = fields as { environments?: string[]; plans?: string[] }
    for (const one of environments ?? []) require('environment', one, [...path, 'environments'])
    for (const one of plans ?? []) require('plan', one, [...path, 'plans'])
    require('channel', fields.escalateTo, [...path, 'escalateTo'])
  }
  checkDefault(wanted, present, complain)
}

const itemsOf = (wanted: WantedState, kind: Kind): Wanted[] => [...(wanted[kind]?.values() ?? [])]

/** A new thing whose name looks like that of another that is there and not in the file: rather a slip than a wish. */
function refuseLookAlikes(wanted: WantedState, present: PresentState, kind: Kind, complain: Complain): void {
  const fold = (name: string) => name.normalize('NFKC').toLowerCase()
  const left = [...present[kind].keys()].filter((name) => !wanted[kind]?.has(name))
  for (const { name, path } of itemsOf(wanted, kind)) {
    const alike = present[kind].has(name) ? undefined : left.find((other) => fold(other) === fold(name))
    if (alike !== undefined)
      complain(
        [...path, 'name'],
        `the ${kind} “${alike}” is there, and looks the same but for its letters; write it so`,
      )
  }
}

function checkDefault(wanted: WantedState, present: PresentState, complain: Complain): void {
  const chosen = itemsOf(wanted, 'repository').filter(({ fields }) => fields.default === true)
  const [first, second] = chosen
  if (second) complain([...second.path, 'default'], `“${first?.name}” is the default one already`)
  const before = [...present.repository.values()].find(({ fields }) => fields.default === true)
  const dropped = before && wanted.repository?.get(before.name)
  if (dropped && !first) complain(dropped.path, 'is the default one, and no other is to be: say “default: true” of one')
}
