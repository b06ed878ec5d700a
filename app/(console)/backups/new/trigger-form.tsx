'use client'

import { Play } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { useTriggerBackup } from '#app/_data/backups.ts'
import { useOptions } from '#app/_data/options.ts'
import type { SourceItem } from '#app/_data/sources.ts'
import { useMayTrigger } from '#app/_data/viewer.ts'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { Choice, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { OverrideFields } from '#app/_ui/override-fields.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { randomKey } from '#app/_ui/random-key.ts'
import type { BackupType, EnvironmentsQuery } from '#graphql/documents/generated/graphql.ts'
import { type Choices, firstChoices, fittingSources, toInput } from './choices.ts'
import { CompressionField } from './compression-field.tsx'
import { EnvironmentChoices, SourceChoices } from './scope-choices.tsx'

const types: { type: BackupType; word: string; detail: string }[] = [
  { type: 'FULL', word: 'Full system', detail: 'Every enabled source of the chosen environments' },
  { type: 'DATABASE', word: 'Database', detail: 'Databases only' },
  { type: 'USER_DATA', word: 'User data', detail: 'User-data exports only' },
  { type: 'STORAGE', word: 'Storage', detail: 'Storage folders only' },
]

/** Until the settings have come. */
const FIRST_LEVEL = 5

interface TriggerFormProps {
  environments: EnvironmentsQuery['environments']
  sources: SourceItem[]
  /** The environment that the link to this page named. */
  asked: string | null
}

export function TriggerForm({ environments, sources, asked }: TriggerFormProps) {
  const router = useRouter()
  const trigger = useTriggerBackup()
  const mayTrigger = useMayTrigger()
  // One key per form: however often a shaky line makes people press the button, one backup starts.
  const [key, setKey] = useState(randomKey)
  const [choices, setChoices] = useState(() =>
    firstChoices(
      environments.map((environment) => environment.name),
      asked,
    ),
  )
  const { data: options = [] } = useOptions()
  const optionOf = (name: string) => options.find((option) => option.name === name)?.value ?? ''
  const change = (part: Partial<Choices>) => setChoices((old) => ({ ...old, ...part }))

  const guarded = environments.filter(
    (environment) => environment.protected && choices.environments.includes(environment.name),
  )
  const fitting = fittingSources(sources, choices)
  const ready = choices.environments.length > 0 && fitting.length > 0 && (guarded.length === 0 || choices.confirmed)
  const problem = trigger.data?.__typename === 'Problem' ? trigger.data : trigger.error && asProblem(trigger.error)

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!ready || trigger.isPending) return
    trigger.mutate(toInput(choices, sources, key), {
      onSuccess: (result) => {
        if (result.__typename === 'TriggerBackupSuccess') router.push(`/backups/${result.backup.id}`)
        else if (result.code === 'IDEMPOTENCY_KEY_REUSED') setKey(randomKey())
      },
    })
  }

  return (
    <form onSubmit={submit} className="grid items-start gap-x-5 xl:grid-cols-[3fr_2fr]">
      <div>
        <Panel title="Environment">
          <EnvironmentChoices environments={environments} choices={choices} change={change} />
        </Panel>
        <Panel title="Type">
          <div role="radiogroup" aria-label="Type" className="grid gap-2 sm:grid-cols-2">
            {types.map(({ type, word, detail }) => (
              <Choice
                key={type}
                kind="radio"
                name="type"
                checked={choices.type === type}
                onChange={() => change({ type })}
                detail={detail}
              >
                {word}
              </Choice>
            ))}
          </div>
        </Panel>
        <Panel title="Sources">
          <SourceChoices sources={fitting} choices={choices} change={change} />
        </Panel>
      </div>
      <div>
        <Panel title="Details">
          <div className="grid gap-5">
            {choices.type === 'DATABASE' ? (
              <Field
                label="Database name (optional)"
                htmlFor="database-name"
                hint="Leave it empty to save the database that the source names."
              >
                <Input
                  id="database-name"
                  aria-describedby="database-name-hint"
                  autoComplete="off"
                  spellCheck={false}
                  value={choices.databaseName}
                  onChange={(event) => change({ databaseName: event.target.value })}
                />
              </Field>
            ) : null}
            {choices.type === 'STORAGE' ? (
              <Field
                label="Folder (optional)"
                htmlFor="storage-path"
                hint="Only this folder. It must lie inside an allowed storage root. Empty saves each source’s own folder."
              >
                <Input
                  id="storage-path"
                  aria-describedby="storage-path-hint"
                  autoComplete="off"
                  spellCheck={false}
                  placeholder="/srv/uploads/invoices"
                  value={choices.storagePath}
                  onChange={(event) => change({ storagePath: event.target.value })}
                />
              </Field>
            ) : null}
            <Field
              label="Description (optional)"
              htmlFor="description"
              hint="Why you back up, for whoever reads the history later."
            >
              <Input
                id="description"
                aria-describedby="description-hint"
                maxLength={200}
                placeholder="Before release 4.2"
                value={choices.description}
                onChange={(event) => change({ description: event.target.value })}
              />
            </Field>
            <CompressionField
              level={choices.compressionLevel ?? (Number(optionOf('compression_level')) || FIRST_LEVEL)}
              onChange={(compressionLevel) => change({ compressionLevel })}
            />
            <details>
              <summary className="cursor-pointer text-small font-medium">More for this backup</summary>
              <div className="mt-4 grid gap-4">
                <Field
                  label="Keep it for … days (optional)"
                  htmlFor="keep-days"
                  hint={`Whatever the settings say. Empty: ${optionOf('retention_policy')} days.`}
                >
                  <Input
                    id="keep-days"
                    aria-describedby="keep-days-hint"
                    inputMode="numeric"
                    autoComplete="off"
                    value={choices.keepDays}
                    onChange={(event) => change({ keepDays: event.target.value })}
                  />
                </Field>
                <OverrideFields
                  id="trigger"
                  notification={choices.notification}
                  logVerbosity={choices.logVerbosity}
                  change={change}
                />
              </div>
            </details>
          </div>
        </Panel>
        {guarded.length > 0 ? (
          <div className="mb-4">
            <Choice
              kind="checkbox"
              name="confirmed"
              checked={choices.confirmed}
              onChange={(confirmed) => change({ confirmed })}
              detail="Reading everything puts load on it while the backup runs."
            >
              Yes, back up {guarded.map((environment) => environment.name).join(' and ')}, which is protected
            </Choice>
          </div>
        ) : null}
        {problem ? <ProblemNotice problem={problem} /> : null}
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" look="main" size="large" disabled={!ready || !mayTrigger || trigger.isPending}>
            <Play aria-hidden className="size-4.5" />
            {trigger.isPending ? 'Starting …' : 'Back up now'}
          </Button>
          <ButtonLink href="/" look="quiet" size="large">
            Do not back up
          </ButtonLink>
        </div>
        {choices.environments.length === 0 ? (
          <p className="mt-2 text-small text-ink-soft">Choose at least one environment first.</p>
        ) : null}
      </div>
    </form>
  )
}
