import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { type ChannelForm, type ChannelSettings, useCreateChannel, useUpdateChannel } from '#app/_data/channels.ts'
import { type Problem, problemIn } from '#app/_data/problem.ts'
import { Button } from '#app/_ui/button.tsx'
import { Choice, describedBy, Field, Input } from '#app/_ui/field.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { RootFields } from '#app/_ui/settings-form/root-fields.tsx'
import type { FormNode } from '#app/_ui/settings-form/schema.ts'
import { useEditor } from '#app/_ui/settings-form/use-editor.ts'
import { RuleFields } from './rule-fields.tsx'
import { inputOf, type Rules, rulesOf } from './rules.ts'

interface Props {
  form: ChannelForm
  /** Null: a new one. */
  channel: ChannelSettings | null
}

/** Adds a channel, or changes one. */
export function ChannelEditor({ form, channel }: Props) {
  const router = useRouter()
  const [kindName, setKindName] = useState(channel?.kind ?? form.channelKinds[0]?.kind ?? '')
  const [name, setName] = useState(channel?.name ?? '')
  const [rules, setRules] = useState<Rules>(() => rulesOf(channel))
  const [isSaved, setSaved] = useState(false)
  const create = useCreateChannel()
  const update = useUpdateChannel()
  const kind = form.channelKinds.find((one) => one.kind === kindName)
  const node = (kind?.form ?? {}) as FormNode
  const settings = (channel?.settings ?? null) as Record<string, unknown> | null
  const editor = useEditor({ kind: kindName, form: node, settings, onChange: () => setSaved(false) })
  const issueOf = (path: string) => editor.issues.find((issue) => issue.path === path)?.problem
  const nameError = issueOf('name')

  async function save(): Promise<Problem | null> {
    const input = { name, settings: editor.current(), ...inputOf(rules) }
    try {
      const answer =
        channel === null
          ? await create.mutateAsync({ ...input, kind: kindName })
          : await update.mutateAsync({ ...input, id: channel.id })
      if (answer.__typename === 'CreateChannelSuccess') router.push(`/notifications/channels/${answer.channel.id}`)
      setSaved(answer.__typename === 'UpdateChannelSuccess')
      return problemIn(answer, null)
    } catch (error) {
      return problemIn(undefined, error)
    }
  }

  if (!kind)
    return (
      <Notice tone="bad" title="This version does not know channels of this kind.">
        Install the version that it was made with.
      </Notice>
    )
  return (
    <form className="max-w-3xl" {...editor.frame(save)}>
      {channel === null ? (
        <Panel title="Kind">
          <fieldset>
            <legend className="sr-only">Kind of channel</legend>
            <div className="grid grid-cols-2 gap-2 lg:grid-cols-4">
              {form.channelKinds.map((one) => (
                <Choice
                  key={one.kind}
                  kind="radio"
                  name="kind"
                  checked={one.kind === kindName}
                  onChange={() => setKindName(one.kind)}
                >
                  {one.title}
                </Choice>
              ))}
            </div>
          </fieldset>
        </Panel>
      ) : null}
      <Panel title={`Name and settings: ${kind.title}`}>
        <div className="grid gap-4">
          <Field label="Name" htmlFor="name" hint="Such as on-call, or shop team." error={nameError}>
            <Input
              id="name"
              aria-required
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
              {...describedBy('name', { hint: true, error: nameError })}
            />
          </Field>
          <RootFields
            node={node}
            draft={editor.draft}
            context={{ name: 'settings', issues: editor.issues, secretsSet: channel?.secretsSet ?? [] }}
            onChange={editor.change}
          />
        </div>
      </Panel>
      <RuleFields
        rules={rules}
        events={form.notificationEvents}
        channelId={channel?.id ?? null}
        change={(part) => {
          setRules({ ...rules, ...part })
          setSaved(false)
        }}
        issueOf={issueOf}
      />
      <div aria-live="polite" className="empty:hidden">
        {editor.refusal ? <ProblemNotice problem={asProblem(editor.refusal)} /> : null}
        {isSaved ? <Notice tone="good" title="The channel is saved." /> : null}
      </div>
      <div className="mb-8">
        <Button type="submit" look="main" size="large" disabled={editor.isSaving}>
          {editor.isSaving ? 'Saving …' : channel === null ? 'Add the channel' : 'Save the channel'}
        </Button>
      </div>
    </form>
  )
}
