import { columns, formatBytes, formatSeconds, printable } from './format.ts'
import type { Kind, Preview, SourceDetail, SourceItem, Tested } from './source-documents.ts'

export function sourceLines(sources: SourceItem[]): string[] {
  if (sources.length === 0) return ['There is no source yet.']
  const rows = sources.map((source) => [
    source.id,
    printable(`${source.environment.name}/${source.name}`),
    source.kind,
    source.enabled ? 'enabled' : 'disabled',
    printable(source.repository?.name ?? 'none'),
    source.lastGoodRun?.finishedAt ?? 'never',
  ])
  return columns([['id', 'source', 'kind', '', 'saved in', 'last good backup'], ...rows])
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
