import { type Document, isMap, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { FieldIssue } from '#lib/errors/parse-input.ts'
import { MOST_BYTES } from './references.ts'

export type Path = readonly (string | number)[]

export type Complain = (path: Path, problem: string) => void

export interface ReadYaml {
  value: unknown
  /** What is wrong at a place of the file, with its line. `key`: the line of the key itself. */
  issue(path: Path, problem: string): FieldIssue
}

const MOST_ALIASES = 100
const MOST_ISSUES = 50

/** Throws INPUT_INVALID with the lines of all that is wrong. */
export function readYaml(text: string): ReadYaml {
  if (Buffer.byteLength(text) > MOST_BYTES) refuse([{ path: '', problem: 'the file is larger than 1 MB' }])
  const lines = new LineCounter()
  // “silent” would say nothing of a second document.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const at = (offset: number) => `line ${lines.linePos(offset).line}`
  const wrong = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    path: '',
    problem: `${at(pos[0])}: ${words[code] ?? message}`,
  }))
  if (wrong.length > 0) refuse(wrong)
  const keys = oddKeys(document, at)
  if (keys.length > 0) refuse(keys)
  const issue = (path: Path, problem: string): FieldIssue => {
    const offset = offsetOf(document, path)
    return { path: path.join('.'), problem: offset === null ? problem : `${at(offset)}: ${problem}` }
  }
  return { value: contentOf(document), issue }
}

const words: Record<string, string> = {
  DUPLICATE_KEY: 'the same key is there twice',
  MULTIPLE_DOCS: 'a second document begins; give one file after the other',
  RESOURCE_EXHAUSTION: 'it is nested too deeply',
}

/** Throws INPUT_INVALID. */
export function refuse(issues: FieldIssue[]): never {
  throw new CodedError('INPUT_INVALID', { issues: issues.slice(0, MOST_ISSUES) })
}

/** Keys that are no plain words, and those that mean something else to programs. */
function oddKeys(document: Document, at: (offset: number) => string): FieldIssue[] {
  const found: FieldIssue[] = []
  visit(document, {
    Pair(_, { key }) {
      const node = key as Node & { value?: unknown }
      if (typeof node?.value === 'string' && !['__proto__', '<<'].includes(node.value)) return
      const name = typeof node?.value === 'string' ? `“${node.value}”` : 'something else than a word'
      found.push({ path: '', problem: `${at(node?.range?.[0] ?? 0)}: ${name} cannot be a key here` })
    },
  })
  return found
}

function contentOf(document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES })
    JSON.stringify(value) // an alias within its own anchor
    return value
  } catch {
    return refuse([{ path: '', problem: 'its aliases (*name) go round in circles or are too many' }])
  }
}

/** Where the innermost part of the path that exists begins: the key that a value stands behind, else the value. */
function offsetOf(document: Document, path: Path): number | null {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? null) : null
  for (const name of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => (key as { value?: unknown }).value === name) : undefined
    const next: unknown = pair ? pair.value : (node as { items?: unknown[] } | null)?.items?.[Number(name)]
    const from = pair ? (pair.key as Node) : next
    if (!isNode(from)) return offset
    offset = from.range?.[0] ?? offset
    node = next
  }
  return offset
}
