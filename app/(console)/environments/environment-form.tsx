import { type FormEvent, useId, useState } from 'react'
import {
  type EnvironmentItem,
  useAddEnvironment,
  useDeleteEnvironment,
  useUpdateEnvironment,
} from '#app/_data/environments.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useRepositories } from '#app/_data/repositories.ts'
import { type Blackout, BlackoutFields } from '#app/_ui/blackout-fields.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { Choice, describedBy, Field, Input, Select } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'

const colours = ['slate', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink']
const DEFAULT = ''

/** Adds an environment, or changes one. Taking protection away asks for its name first. */
export function EnvironmentForm({ environment, onDone }: { environment?: EnvironmentItem; onDone: () => void }) {
  const id = useId()
  const repositories = useRepositories()
  const add = useAddEnvironment()
  const update = useUpdateEnvironment()
  const [draft, setDraft] = useState({
    name: environment?.name ?? '',
    colour: environment?.colour ?? 'slate',
    timeZone: environment?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    repositoryId: environment?.repository?.id ?? DEFAULT,
    protected: environment?.protected ?? false,
    blackouts: (environment?.blackouts ?? []) as Blackout[],
  })
  const isBusy = add.isPending || update.isPending
  const refusal = problemIn(add.data, add.error) ?? problemIn(update.data, update.error)
  const issueOf = (path: string) => refusal?.issues?.find((issue) => issue.path === path)?.problem
  const losesProtection = environment?.protected === true && !draft.protected

  async function save(): Promise<void> {
    const { repositoryId, ...rest } = draft
    const answer = environment
      ? await update
          .mutateAsync({ id: environment.id, ...rest, repositoryId, confirmEnvironment: environment.name })
          .catch(() => undefined) // shown below
      : await add.mutateAsync({ ...rest, ...(repositoryId && { repositoryId }) }).catch(() => undefined)
    if (answer && answer.__typename !== 'Problem') onDone()
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!losesProtection) void save()
  }

  const field = (name: string) => ({ id: `${id}-${name}`, ...describedBy(`${id}-${name}`, { error: issueOf(name) }) })
  return (
    <form onSubmit={submit} noValidate className="grid gap-4" data-tight>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" htmlFor={`${id}-name`} error={issueOf('name')}>
          <Input
            {...field('name')}
            aria-required
            autoComplete="off"
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.target.value })}
            placeholder="production"
          />
        </Field>
        <Field label="Colour" htmlFor={`${id}-colour`} error={issueOf('colour')}>
          <Select
            {...field('colour')}
            value={draft.colour}
            onChange={(event) => setDraft({ ...draft, colour: event.target.value })}
          >
            {colours.map((colour) => (
              <option key={colour}>{colour}</option>
            ))}
          </Select>
        </Field>
        <Field label="Time zone" htmlFor={`${id}-timeZone`} error={issueOf('timeZone')}>
          <Select
            {...field('timeZone')}
            value={draft.timeZone}
            onChange={(event) => setDraft({ ...draft, timeZone: event.target.value })}
          >
            {[...new Set(['UTC', draft.timeZone, ...Intl.supportedValuesOf('timeZone')])].map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </Select>
        </Field>
        <Field label="Saved in" htmlFor={`${id}-repositoryId`} error={issueOf('repositoryId')}>
          <Select
            {...field('repositoryId')}
            value={draft.repositoryId}
            onChange={(event) => setDraft({ ...draft, repositoryId: event.target.value })}
          >
            <option value={DEFAULT}>The default repository</option>
            {repositories.data?.map((repository) => (
              <option key={repository.id} value={repository.id}>
                {repository.name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <BlackoutFields
        id={`${id}-blackouts`}
        hint="No plan starts with its sources at these times of the week, in its time zone. What is due then waits. Starting by hand goes all the same."
        blackouts={draft.blackouts}
        change={(blackouts) => setDraft({ ...draft, blackouts })}
        issueOf={issueOf}
      />
      <Choice
        kind="checkbox"
        name="protected"
        checked={draft.protected}
        onChange={(isProtected) => setDraft({ ...draft, protected: isProtected })}
        detail="What cannot be undone in it, such as deleting a source, asks for its name to be typed."
      >
        Protected
      </Choice>
      <div aria-live="polite" className="empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
      <div className="flex flex-wrap gap-2">
        {losesProtection ? (
          <Confirm
            title={`Take the protection of “${environment.name}” away?`}
            keep="Keep it protected"
            go="Take it away"
            typed={environment.name}
            onConfirm={() => void save()}
            trigger={
              <Button look="main" disabled={isBusy}>
                Save …
              </Button>
            }
          >
            <p>What cannot be undone in it will no longer ask for its name.</p>
          </Confirm>
        ) : (
          <Button type="submit" look="main" disabled={isBusy}>
            {isBusy ? 'Saving …' : environment ? 'Save' : 'Add it'}
          </Button>
        )}
        <Button onClick={onDone}>Leave it as it is</Button>
        {environment?.sources.length === 0 ? <Delete environment={environment} onDone={onDone} /> : null}
      </div>
    </form>
  )
}

function Delete({ environment, onDone }: { environment: EnvironmentItem; onDone: () => void }) {
  const remove = useDeleteEnvironment()
  const refusal = problemIn(remove.data, remove.error)
  async function deleteIt(): Promise<void> {
    const variables = { id: environment.id, confirmEnvironment: environment.name }
    const answer = await remove.mutateAsync(variables).catch(() => undefined) // shown below
    if (answer?.__typename === 'DeleteEnvironmentSuccess') onDone()
  }
  return (
    <>
      <Confirm
        title={`Delete “${environment.name}”?`}
        keep="Keep it"
        go="Delete it"
        typed={environment.protected ? environment.name : undefined}
        onConfirm={() => void deleteIt()}
        trigger={<Button disabled={remove.isPending}>Delete …</Button>}
      >
        <p>It has no sources. Its name is free again.</p>
      </Confirm>
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
    </>
  )
}
