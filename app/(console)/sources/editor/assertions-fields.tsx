import { Plus } from 'lucide-react'
import { Button } from '#app/_ui/button.tsx'
import { describedBy, Field, FieldNotes, Input, Select, TextArea } from '#app/_ui/field.tsx'
import { type AssertionDraft, newAssertion } from './assertion-draft.ts'

interface Props {
  assertions: AssertionDraft[]
  change: (assertions: AssertionDraft[]) => void
  /** What is wrong with `assertions`, or with a field of one: `assertions.0.sql`. */
  issueOf: (path: string) => string | undefined
}

/** What must be true of what a verification restores. */
export function AssertionsFields({ assertions, change, issueOf }: Props) {
  const error = issueOf('assertions')
  const set = (index: number, part: Partial<AssertionDraft>) =>
    change(assertions.map((one, at) => (at === index ? { ...one, ...part } : one)))
  return (
    <div className="grid gap-3">
      <p className="text-small text-ink-soft">
        Asked of the restored copy each time it is verified. One that does not hold makes the verification a mismatch.
      </p>
      <FieldNotes htmlFor="assertions" hint={undefined} error={error} />
      {assertions.map((assertion, index) => (
        <AssertionItem
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name than their place
          key={index}
          id={`assertion-${index}`}
          number={index + 1}
          assertion={assertion}
          change={(part) => set(index, part)}
          remove={() => change(assertions.filter((_, at) => at !== index))}
          issueOf={(field) => issueOf(`assertions.${index}.${field}`)}
        />
      ))}
      <div>
        <Button size="small" onClick={() => change([...assertions, newAssertion])}>
          <Plus aria-hidden className="size-4" />
          Add an assertion
        </Button>
      </div>
    </div>
  )
}

interface ItemProps {
  id: string
  number: number
  assertion: AssertionDraft
  change: (part: Partial<AssertionDraft>) => void
  remove: () => void
  issueOf: (field: string) => string | undefined
}

function AssertionItem({ id, number, assertion, change, remove, issueOf }: ItemProps) {
  const text = (key: keyof AssertionDraft, label: string, hint?: string) => (
    <Field label={label} htmlFor={`${id}-${key}`} hint={hint} error={issueOf(key)}>
      <Input
        id={`${id}-${key}`}
        autoComplete="off"
        spellCheck={false}
        value={assertion[key]}
        onChange={(event) => change({ [key]: event.target.value })}
        {...describedBy(`${id}-${key}`, { hint, error: issueOf(key) })}
      />
    </Field>
  )
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-control border border-line bg-well p-3 sm:grid-cols-2">
      <legend className="sr-only">Assertion {number}</legend>
      {text('name', 'Name', 'For people: “orders of last year are there”.')}
      <Field label="About" htmlFor={`${id}-kind`}>
        <Select
          id={`${id}-kind`}
          value={assertion.kind}
          onChange={(event) => change({ kind: event.target.value as AssertionDraft['kind'] })}
        >
          <option value="sql">What a query answers</option>
          <option value="file">A file</option>
        </Select>
      </Field>
      {assertion.kind === 'sql' ? (
        <>
          <div className="sm:col-span-2">
            <Field
              label="Query of one value"
              htmlFor={`${id}-sql`}
              hint="It runs as a subquery and changes nothing."
              error={issueOf('sql')}
            >
              <TextArea
                id={`${id}-sql`}
                rows={2}
                spellCheck={false}
                className="font-mono"
                placeholder="SELECT count(*) FROM orders"
                value={assertion.sql}
                onChange={(event) => change({ sql: event.target.value })}
                {...describedBy(`${id}-sql`, { hint: true, error: issueOf('sql') })}
              />
            </Field>
          </div>
          <Field label="Its answer must be" htmlFor={`${id}-compare`}>
            <Select
              id={`${id}-compare`}
              value={assertion.compare}
              onChange={(event) => change({ compare: event.target.value })}
            >
              <option value="equals">exactly</option>
              <option value="atLeast">at least</option>
              <option value="atMost">at most</option>
            </Select>
          </Field>
          {text('value', 'This value')}
          {text('database', 'Database', 'Of a source with several. Empty: each of them.')}
        </>
      ) : (
        <>
          {text('path', 'Path', 'Where it was when it was saved.')}
          {text('minBytes', 'At least … bytes', 'Empty: any size.')}
          {text('newerThanHours', 'Changed at most … hours before the backup', 'Empty: whenever.')}
          {text('sha256', 'SHA-256', 'Empty: any content.')}
        </>
      )}
      <div className="sm:col-span-2">
        <Button size="small" look="quiet" onClick={remove}>
          Remove it
        </Button>
      </div>
    </fieldset>
  )
}
