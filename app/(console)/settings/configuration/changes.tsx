import { Minus, Pencil, Plus } from 'lucide-react'
import type { ConfigurationDiff } from '#app/_data/configuration.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'

type Change = ConfigurationDiff['changes'][number]

const actions = {
  CREATE: { word: 'Add', Icon: Plus, look: 'text-good' },
  UPDATE: { word: 'Change', Icon: Pencil, look: 'text-warn' },
  DELETE: { word: 'Delete', Icon: Minus, look: 'text-bad' },
} as const

/** Marks in the place of secrets, also within a list, as words. */
const shown = (json: string | null): string =>
  json?.replaceAll('{"secret":"kept"}', 'secret').replaceAll('{"secret":"another"}', 'another secret') ?? 'none'

/** What a file would change: the act as a word and a sign, then field by field from what to what. */
export function Changes({ diff }: { diff: ConfigurationDiff }) {
  const many = (action: Change['action']) => diff.changes.filter((change) => change.action === action).length
  return (
    <>
      {diff.incomplete.map(({ name, missing }) => (
        <Notice key={name} tone="warn" title={`The source ${name} is disabled until its settings are entered.`}>
          {missing.length > 0 ? `Nobody knows here: ${missing.join(', ')}` : null}
        </Notice>
      ))}
      {diff.changes.length === 0 ? (
        <Notice tone="good" title="Nothing to change: all is as the file says." />
      ) : (
        <Panel
          title="What would change"
          aside={
            <span className="text-small text-ink-soft">
              {many('CREATE')} to add, {many('UPDATE')} to change, {many('DELETE')} to delete
            </span>
          }
          flush
        >
          <ul className="divide-y divide-line">
            {diff.changes.map((change) => (
              <ChangeItem key={`${change.kind} ${change.name}`} change={change} />
            ))}
          </ul>
        </Panel>
      )}
      {diff.left.length > 0 ? (
        <Panel title="What is not in the file, and stays">
          <ul className="grid gap-1">
            {diff.left.map(({ kind, name, reason }) => (
              <li key={`${kind} ${name}`} className="wrap-anywhere">
                {kind} <strong className="font-medium">{name}</strong>: {reason}
              </li>
            ))}
          </ul>
        </Panel>
      ) : null}
    </>
  )
}

function ChangeItem({ change: { action, kind, name, fields } }: { change: Change }) {
  const { word, Icon, look } = actions[action]
  return (
    <li className="px-4 py-3">
      <h3 className="flex flex-wrap items-center gap-x-2 wrap-anywhere">
        <span className={`inline-flex items-center gap-1.5 font-medium ${look}`}>
          <Icon aria-hidden className="size-4" /> {word}
        </span>
        <span className="text-ink-soft">{kind}</span> <strong className="font-medium">{name}</strong>
      </h3>
      {fields.length > 0 ? (
        <dl className="mt-2 grid gap-x-4 gap-y-1 text-small sm:grid-cols-[minmax(8rem,max-content)_1fr]">
          {fields.map(({ path, from, to }) => (
            <div key={path} className="contents">
              <dt className="text-ink-soft wrap-anywhere">{path}</dt>
              <dd className="font-mono wrap-anywhere">
                {action === 'CREATE' ? (
                  shown(to)
                ) : (
                  <>
                    <del className="text-ink-soft">{shown(from)}</del> <span aria-hidden>→</span>{' '}
                    <ins className="no-underline">{shown(to)}</ins>
                  </>
                )}
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </li>
  )
}
