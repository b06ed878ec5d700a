import type { SourceItem } from '#app/_data/sources.ts'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { Choice } from '#app/_ui/field.tsx'
import { typeNames } from '#app/_ui/format.ts'
import type { EnvironmentsQuery } from '#graphql/documents/generated/graphql.ts'
import type { Choices } from './choices.ts'

interface ScopeProps {
  choices: Choices
  change: (part: Partial<Choices>) => void
}

function toggled(list: string[], item: string, on: boolean): string[] {
  return on ? [...list, item] : list.filter((other) => other !== item)
}

export function EnvironmentChoices({
  environments,
  choices,
  change,
}: ScopeProps & { environments: EnvironmentsQuery['environments'] }) {
  return (
    <div className="grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
      {environments.map((environment) => (
        <Choice
          key={environment.id}
          kind="checkbox"
          name="environment"
          checked={choices.environments.includes(environment.name)}
          onChange={(on) =>
            change({ environments: toggled(choices.environments, environment.name, on), confirmed: false })
          }
        >
          <EnvironmentTag environment={environment} words />
        </Choice>
      ))}
    </div>
  )
}

/** Which of the fitting sources; none chosen means all of them. A full system backup leaves no choice. */
export function SourceChoices({ sources, choices, change }: ScopeProps & { sources: SourceItem[] }) {
  if (choices.environments.length === 0) return <p className="text-ink-soft">Choose an environment first.</p>
  if (sources.length === 0) {
    return (
      <p className="text-warn">
        No enabled source of this type exists in {choices.environments.join(' and ')}. Choose another type or
        environment.
      </p>
    )
  }
  if (choices.type === 'FULL') {
    return (
      <>
        <p className="text-ink-soft">A full system backup takes all {sources.length} of them:</p>
        <ul className="mt-2 grid gap-1 sm:grid-cols-2">
          {sources.map((source) => (
            <li key={source.id}>
              {source.name} <span className="text-small text-ink-soft">{where(source)}</span>
            </li>
          ))}
        </ul>
      </>
    )
  }
  const chosen = sources.filter((source) => choices.sourceIds.includes(source.id)).length
  return (
    <>
      <p className="mb-3 text-ink-soft">
        {chosen === 0
          ? `None is chosen, so all ${sources.length} are backed up.`
          : `${chosen} of ${sources.length} chosen.`}
      </p>
      <div className="grid gap-2 sm:grid-cols-2">
        {sources.map((source) => (
          <Choice
            key={source.id}
            kind="checkbox"
            name="source"
            checked={choices.sourceIds.includes(source.id)}
            onChange={(on) => change({ sourceIds: toggled(choices.sourceIds, source.id, on) })}
            detail={source.activeRun ? `${where(source)}; a run is active now` : where(source)}
          >
            {source.name}
          </Choice>
        ))}
      </div>
    </>
  )
}

function where(source: SourceItem): string {
  return `${typeNames[source.type]}, ${source.kind}, ${source.environment.name}`
}
