import { formatBytes, formatSeconds, printable } from './format.ts'
import type { Kind, Preview, SourceDetail, SourceItem, Tested } from './source-documents.ts'

/** Rows as columns that are as wide as they must be. */
export function columns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? '')].length)))
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - [...cell].length)))
      .join('  ')
      .trimEnd(),
  )
}

export function sourceLines(sources: SourceItem[]): string[] {
  if (sources.length === 0) return ['There is no source yet.']
  const rows = sources.map((source) => [
    source.id,
    printable(`${source.environment.name}/${source.name}`),
    source.kind,
    source.enabled ? 'enabled' : 'disabled',
    source.lastGoodRun?.finishedAt ?? 'never',
  ])
  return columns([['id', 'source', 'kind', '', 'last good backup'], ...rows])
}

export function sourceText(source: SourceDetail): string[] {
  return [
    ...sourceLines([source]),
    '',
    ...printable(JSON.stringify(source.settings, null, 1).replaceAll('\n', '\u2028')).split('\u2028'),
    source.secretsSet.length === 0
      ? 'No secret is stored.'
      : `Stored and never shown: ${source.secretsSet.join(', ')}.`,
  ]
}

export function kindLines(kinds: Kind[]): string[] {
  const can = (kind: Kind) =>
    [...(kind.discovery ? ['discover'] : []), ...(kind.previewable ? ['preview'] : [])].join(', ')
  return columns([['kind', 'what', 'type', 'can'], ...kinds.map((one) => [one.kind, one.title, one.type, can(one)])])
}

interface Node {
  title?: string
  description?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  required?: string[]
  properties?: Record<string, Node>
  items?: Node
  anyOf?: Node[]
  oneOf?: Node[]
}

/** The settings of a kind: name, what it may be, and the words of its form. */
export function formLines(kind: Kind): string[] {
  return columns(settingsOf(kind.form, '', kind.secretFields))
}

function settingsOf(node: Node, path: string, secrets: string[]): string[][] {
  const own = Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const inner = settingsOf(field, at, secrets)
    if (inner.length > 0 && !field.items) return inner
    const required = node.required?.includes(name) ? 'required' : ''
    const words = [field.title, field.description].filter(Boolean).join(': ')
    return [[at, secrets.includes(at) ? 'secret' : mayBe(field), required, printable(words)]]
  })
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter((one) => one.properties)
  return [
    ...own,
    ...alternatives.flatMap((one, at) => [
      [`${at === 0 ? 'either' : 'or'} ${one.title ?? 'another'}:`, '', '', ''],
      ...settingsOf(one, path, secrets),
    ]),
  ]
}

function mayBe(field: Node): string {
  if (field.const !== undefined) return String(field.const)
  if (field.enum) return field.enum.join('|')
  if (field.items) return field.items.type === 'string' ? 'list of string' : 'list'
  return field.type ?? 'value'
}

export function testLines(tested: Tested): string[] {
  return [
    `It can be backed up: ${printable(tested.summary)}`,
    ...(tested.tool ? [`  made with  ${printable(`${tested.tool.name} ${tested.tool.version}`)}`] : []),
    `  size       ${tested.bytes === null ? 'not known beforehand' : formatBytes(tested.bytes)}`,
    `  takes      ${tested.expectedSeconds === null ? 'not known before the first backup' : formatSeconds(tested.expectedSeconds)}`,
    ...(tested.parts ? [`  runs       ${printable(tested.parts.join(', '))}`] : []),
    ...tested.warnings.map((warning) => `  warning    ${printable(warning)}`),
  ]
}

export function foundLines(found: { name: string; bytes: number | null }[]): string[] {
  if (found.length === 0) return ['Nothing to choose from is there.']
  return columns(found.map(({ name, bytes }) => [printable(name), bytes === null ? '' : formatBytes(bytes)]))
}

export function previewLines({ taken, leftOut, complete }: Preview): string[] {
  return [
    `Taken: ${taken.files} files, ${formatBytes(taken.bytes)}`,
    ...taken.examples.map((path) => `  ${printable(path)}`),
    `Left out: ${leftOut.files} files, ${formatBytes(leftOut.bytes)}`,
    ...leftOut.examples.map(({ path, because }) => `  ${printable(path)} (${printable(because)})`),
    ...(complete ? [] : ['The tree is large: the count stopped when its time was over.']),
  ]
}
