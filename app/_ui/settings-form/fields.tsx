import { type Draft, fieldsIn } from './draft.ts'
import { FieldOf } from './field-of.tsx'
import { type FormNode, fieldsOf, shapeOf } from './schema.ts'

/** What every field of one form needs to know. */
export interface FormContext {
  /** Before the names in ids and in the paths of issues: “settings”. */
  name: string
  issues: readonly { path: string; problem: string }[]
  /** The dotted names of secrets that are stored, without `name`. */
  secretsSet: readonly string[]
}

/** What is wrong with a field, or with what is below it and has no control of its own. */
export function errorOf(context: FormContext, path: string, deep = false): string | undefined {
  const at = `${context.name}.${path}`
  const own = context.issues.filter((issue) => issue.path === at || (deep && issue.path.startsWith(`${at}.`)))
  return own.length === 0 ? undefined : own.map((issue) => sentence(issue, at)).join(' ')
}

function sentence({ path, problem }: { path: string; problem: string }, at: string): string {
  const line = /^\.(\d+)$/.exec(path.slice(at.length))
  const text = line ? `Line ${Number(line[1]) + 1} ${problem}` : problem
  return `${text[0]?.toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
}

interface Props {
  node: FormNode
  draft: Draft | undefined
  /** Dotted, “” at the root. */
  path: string
  context: FormContext
  onChange: (draft: { [name: string]: Draft }) => void
}

const isWide = (node: FormNode): boolean =>
  node.multiline === true ||
  isPath(node) ||
  ['lines', 'pairs', 'list', 'choice', 'object', 'json', 'flag'].includes(shapeOf(node))

/** Paths are long. */
const isPath = (node: FormNode): boolean => String(node.examples?.[0] ?? '').startsWith('/')

/** The fields of an object, the ones that few need behind “More”. */
export function Fields({ node, draft, path, context, onChange }: Props) {
  const fields = fieldsIn(draft)
  const all = fieldsOf(node)
  const required = new Set(node.required)
  const grid = (some: typeof all) => (
    <div className="grid gap-4 sm:grid-cols-2">
      {some.map(([name, field]) => (
        <div key={name} className={isWide(field) ? 'min-w-0 sm:col-span-2' : 'min-w-0'}>
          <FieldOf
            node={field}
            name={name}
            path={path === '' ? name : `${path}.${name}`}
            required={required.has(name)}
            draft={fields[name]}
            context={context}
            onChange={(changed) => onChange({ ...fields, [name]: changed })}
          />
        </div>
      ))}
    </div>
  )
  const plain = all.filter(([, field]) => !field.advanced)
  const advanced = all.filter(([, field]) => field.advanced)
  const below = (name: string) => `${context.name}.${path === '' ? name : `${path}.${name}`}`
  const hidesError = advanced.some(([name]) =>
    context.issues.some((issue) => issue.path === below(name) || issue.path.startsWith(`${below(name)}.`)),
  )
  return (
    <div className="grid gap-4">
      {plain.length > 0 ? grid(plain) : null}
      {advanced.length > 0 ? (
        <details key={String(hidesError)} open={hidesError} className="group">
          <summary className="w-fit rounded-control py-1 text-accent">More settings</summary>
          <div className="mt-3">{grid(advanced)}</div>
        </details>
      ) : null}
    </div>
  )
}
