import { Plus } from 'lucide-react'
import { Button } from '#app/_ui/button.tsx'
import { Choice, describedBy, Field, Input, Select, TextArea } from '#app/_ui/field.tsx'
import type { Draft } from './draft.ts'
import { type HookDraft, newHook } from './hook-draft.ts'

interface Props {
  draft: Draft
  change: (part: Partial<Draft>) => void
  issueOf: (path: string) => string | undefined
}

/** What a plan calls before and after its backups. */
export function HookFields({ draft, change, issueOf }: Props) {
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <HookList
        title="Before the backup"
        hint="In this order, before the first run. One that fails or takes too long stops the backup: nothing is saved, and people are told."
        path="hooksBefore"
        hooks={draft.hooksBefore}
        change={(hooksBefore) => change({ hooksBefore })}
        issueOf={issueOf}
      />
      <HookList
        title="After the backup"
        hint="In this order, after the last run, whatever became of it, also when a hook before it failed. One that fails changes nothing of the outcome; people are told."
        path="hooksAfter"
        hooks={draft.hooksAfter}
        change={(hooksAfter) => change({ hooksAfter })}
        issueOf={issueOf}
      />
    </div>
  )
}

interface ListProps {
  title: string
  hint: string
  path: 'hooksBefore' | 'hooksAfter'
  hooks: HookDraft[]
  change: (hooks: HookDraft[]) => void
  issueOf: Props['issueOf']
}

function HookList({ title, hint, path, hooks, change, issueOf }: ListProps) {
  return (
    <fieldset className="grid min-w-0 content-start gap-3">
      <legend className="font-medium">{title}</legend>
      <p className="text-small text-ink-soft">{hint}</p>
      {hooks.map((hook, index) => (
        <HookItem
          // biome-ignore lint/suspicious/noArrayIndexKey: a hook is known by its place in the order
          key={index}
          id={`${path}-${index}`}
          number={index + 1}
          hook={hook}
          change={(part) => change(hooks.map((other, at) => (at === index ? { ...other, ...part } : other)))}
          remove={() => change(hooks.filter((_, at) => at !== index))}
          issueOf={(field) => issueOf(`${path}.${index}.${field}`)}
        />
      ))}
      {hooks.length < 10 ? (
        <div>
          <Button size="small" onClick={() => change([...hooks, newHook])}>
            <Plus aria-hidden className="size-4" />
            Add a hook {title.toLowerCase()}
          </Button>
        </div>
      ) : null}
    </fieldset>
  )
}

interface ItemProps {
  id: string
  number: number
  hook: HookDraft
  change: (part: Partial<HookDraft>) => void
  remove: () => void
  issueOf: (field: string) => string | undefined
}

function HookItem({ id, number, hook, change, remove, issueOf }: ItemProps) {
  const isWebhook = hook.kind === 'webhook'
  const seconds = issueOf('timeoutSeconds')
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-control border border-line bg-well p-3">
      <legend className="sr-only">Hook {number}</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="What" htmlFor={`${id}-kind`}>
          <Select
            id={`${id}-kind`}
            value={hook.kind}
            onChange={(event) => change({ kind: event.target.value as HookDraft['kind'] })}
          >
            <option value="webhook">Webhook</option>
            <option value="command">Command of the worker</option>
          </Select>
        </Field>
        <Field
          label="At most, seconds"
          htmlFor={`${id}-seconds`}
          hint={`Empty: ${isWebhook ? 30 : 300}.`}
          error={seconds}
        >
          <Input
            id={`${id}-seconds`}
            inputMode="numeric"
            autoComplete="off"
            value={hook.timeoutSeconds}
            onChange={(event) => change({ timeoutSeconds: event.target.value })}
            {...describedBy(`${id}-seconds`, { hint: true, error: seconds })}
          />
        </Field>
      </div>
      {isWebhook ? (
        <WebhookFields id={id} hook={hook} change={change} issueOf={issueOf} />
      ) : (
        <CommandFields id={id} hook={hook} change={change} issueOf={issueOf} />
      )}
      <div>
        <Button size="small" look="quiet" onClick={remove}>
          Remove it
        </Button>
      </div>
    </fieldset>
  )
}

type PartProps = Pick<ItemProps, 'id' | 'hook' | 'change' | 'issueOf'>

function WebhookFields({ id, hook, change, issueOf }: PartProps) {
  const url = issueOf('url')
  return (
    <>
      <Field label="Address" htmlFor={`${id}-url`} hint="It is sent a POST and must answer with 2xx." error={url}>
        <Input
          id={`${id}-url`}
          type="url"
          autoComplete="off"
          placeholder="https://example.org/hook"
          value={hook.url}
          onChange={(event) => change({ url: event.target.value })}
          {...describedBy(`${id}-url`, { hint: true, error: url })}
        />
      </Field>
      <Field
        label="Token"
        htmlFor={`${id}-token`}
        hint={
          hook.hasToken
            ? 'One is stored for this address; empty: it stays.'
            : 'Sent as “Authorization: Bearer …”; may be empty. Stored encrypted, never shown again.'
        }
      >
        <Input
          id={`${id}-token`}
          type="password"
          autoComplete="new-password"
          value={hook.token}
          onChange={(event) => change({ token: event.target.value })}
          aria-describedby={`${id}-token-hint`}
        />
      </Field>
      {hook.hasToken ? (
        <Choice
          kind="checkbox"
          name={`${id}-forget`}
          checked={hook.forgetsToken}
          onChange={(forgetsToken) => change({ forgetsToken })}
        >
          Forget the stored token
        </Choice>
      ) : null}
    </>
  )
}

function CommandFields({ id, hook, change, issueOf }: PartProps) {
  const [command, values] = [issueOf('command'), issueOf('values')]
  return (
    <>
      <Field
        label="Command"
        htmlFor={`${id}-command`}
        hint="The name of one with a hook in the COMMANDS_FILE of the worker."
        error={command}
      >
        <Input
          id={`${id}-command`}
          autoComplete="off"
          spellCheck={false}
          value={hook.command}
          onChange={(event) => change({ command: event.target.value })}
          {...describedBy(`${id}-command`, { hint: true, error: command })}
        />
      </Field>
      <Field
        label="Values"
        htmlFor={`${id}-values`}
        hint="What it wants to know, one name=value a line."
        error={values}
      >
        <TextArea
          id={`${id}-values`}
          rows={2}
          spellCheck={false}
          value={hook.values}
          onChange={(event) => change({ values: event.target.value })}
          {...describedBy(`${id}-values`, { hint: true, error: values })}
        />
      </Field>
    </>
  )
}
