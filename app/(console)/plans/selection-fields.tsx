import { type SourceItem, useEnvironments, useSources } from '#app/_data/sources.ts'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { Choice, describedBy, Field, Input } from '#app/_ui/field.tsx'
import { typeNames } from '#app/_ui/format.ts'
import type { SourceType } from '#graphql/documents/generated/graphql.ts'
import type { Draft } from './draft.ts'

interface Props {
  draft: Draft
  change: (part: Partial<Draft>) => void
  issueOf: (path: string) => string | undefined
}

const types: SourceType[] = ['DATABASE', 'USER_DATA', 'STORAGE']

function toggled<Item>(list: Item[], item: Item, on: boolean): Item[] {
  return on ? [...list, item] : list.filter((other) => other !== item)
}

/** Which sources a plan takes: those that fit, new ones included, or named ones. */
export function SelectionFields({ draft, change, issueOf }: Props) {
  const sources = useSources()
  return (
    <div className="grid gap-4">
      <fieldset className="grid gap-2 sm:grid-cols-2">
        <legend className="sr-only">Which sources</legend>
        <Choice
          kind="radio"
          name="chooses"
          checked={draft.chooses === 'fitting'}
          onChange={() => change({ chooses: 'fitting' })}
          detail="Of all environments and types, or of some. Sources that are added later are taken too."
        >
          All sources, new ones included
        </Choice>
        <Choice
          kind="radio"
          name="chooses"
          checked={draft.chooses === 'named'}
          onChange={() => change({ chooses: 'named' })}
          detail="What is added later is not taken."
        >
          These sources only
        </Choice>
      </fieldset>
      {draft.chooses === 'fitting' ? (
        <Filters draft={draft} change={change} issueOf={issueOf} />
      ) : (
        <Named draft={draft} change={change} sources={sources.data ?? []} error={issueOf('selection.sourceIds')} />
      )}
    </div>
  )
}

function Filters({ draft, change, issueOf }: Props) {
  const environments = useEnvironments()
  const tagsError = issueOf('selection.tags')
  return (
    <>
      <fieldset>
        <legend className="mb-1.5 text-small font-medium">Environments; none means all</legend>
        <div className="grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
          {environments.data?.map((environment) => (
            <Choice
              key={environment.id}
              kind="checkbox"
              name="environment"
              checked={draft.environments.includes(environment.name)}
              onChange={(on) => change({ environments: toggled(draft.environments, environment.name, on) })}
            >
              <EnvironmentTag environment={environment} words />
            </Choice>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="mb-1.5 text-small font-medium">Types; none means all</legend>
        <div className="grid gap-2 sm:grid-cols-3">
          {types.map((type) => (
            <Choice
              key={type}
              kind="checkbox"
              name="type"
              checked={draft.types.includes(type)}
              onChange={(on) => change({ types: toggled(draft.types, type, on) })}
            >
              {typeNames[type]}
            </Choice>
          ))}
        </div>
      </fieldset>
      <Field
        label="Tags"
        htmlFor="tags"
        hint="With commas between. A source with one of them is taken."
        error={tagsError}
      >
        <Input
          id="tags"
          autoComplete="off"
          value={draft.tags}
          onChange={(event) => change({ tags: event.target.value })}
          {...describedBy('tags', { hint: true, error: tagsError })}
        />
      </Field>
    </>
  )
}

function Named({
  draft,
  change,
  sources,
  error,
}: {
  draft: Draft
  change: Props['change']
  sources: SourceItem[]
  error: string | undefined
}) {
  return (
    <fieldset>
      <legend className="sr-only">These sources</legend>
      {error ? <p className="mb-2 text-small font-medium text-bad">Choose at least one source.</p> : null}
      <div className="grid gap-2 sm:grid-cols-2">
        {sources.map((source) => (
          <Choice
            key={source.id}
            kind="checkbox"
            name="source"
            checked={draft.sourceIds.includes(source.id)}
            onChange={(on) => change({ sourceIds: toggled(draft.sourceIds, source.id, on) })}
            detail={`${typeNames[source.type]}, ${source.environment.name}${source.enabled ? '' : ', disabled'}`}
          >
            {source.name}
          </Choice>
        ))}
      </div>
    </fieldset>
  )
}
