import { lstat } from 'node:fs/promises'
import { monotonicMs } from '#lib/clock/now.ts'
import type { SourcePreview } from '../driver.ts'
import { printable, textOf } from './names.ts'
import { type Rules, whyLeftOut } from './rules.ts'
import { type Batch, type Surveyed, type SurveyOptions, survey } from './survey.ts'
import { joinBytes } from './tree.ts'

const TAKEN_EXAMPLES = 20
/** Of each reason, so that one pattern that catches much does not hide the others. */
const LEFT_OUT_EXAMPLES = 5
const MOST_REASONS = 20
const MOST_WARNINGS = 20

/** A preview, and what is left out although nobody asked for it: whole sentences. */
export interface PreviewWithWarnings extends SourcePreview {
  warnings: string[]
}

/**
 * What a backup of these paths would save and leave out, counted until `limitMs` are over: then `complete` is false. Files and
 * symlinks count. Folders that cannot be read are among the examples of what is left out.
 */
export async function previewPaths(
  paths: readonly string[],
  rules: Rules,
  options: Pick<SurveyOptions, 'signal' | 'oneFileSystem'> & { limitMs: number },
): Promise<PreviewWithWarnings> {
  const end = monotonicMs() + options.limitMs
  const count = counter()
  for (const path of paths) {
    const because = await whyLeftOut(path, rules)
    const stats = await lstat(path)
    if (because !== null) count.example(path, because)
    if (!stats.isDirectory()) count.file(stats.isFile() ? stats.size : 0, because, () => path)
    for await (const batch of survey(path, rules, { ...options, sizes: true, intoLeftOut: true }, because)) {
      count.batch(batch)
      if (monotonicMs() > end) return { ...count.preview, complete: false }
    }
  }
  return count.preview
}

/** All files and symlinks that a backup would save. Rejects with the system's error when something cannot be read. */
export async function countPath(
  path: string,
  rules: Rules,
  options: Pick<SurveyOptions, 'signal' | 'oneFileSystem'>,
): Promise<{ files: number; bytes: number }> {
  const stats = await lstat(path)
  if (!stats.isDirectory()) return { files: 1, bytes: stats.isFile() ? stats.size : 0 }
  const count = { files: 0, bytes: 0 }
  for await (const { folder, entries, unreadable } of survey(path, rules, {
    ...options,
    sizes: true,
    intoLeftOut: false,
  })) {
    if (unreadable !== null) throw Object.assign(new Error(`${unreadable}: ${shown(folder)}`), { code: unreadable })
    const saved = entries.filter(({ kind, because }) => because === null && isCounted(kind))
    count.files += saved.length
    for (const { size } of saved) count.bytes += size ?? 0
  }
  return count
}

const isCounted = (kind: Surveyed['kind']): boolean => kind === 'file' || kind === 'symlink'

function counter() {
  const taken: SourcePreview['taken'] = { files: 0, bytes: 0, examples: [] }
  const leftOut: SourcePreview['leftOut'] = { files: 0, bytes: 0, examples: [] }
  const warnings: string[] = []
  const perReason = new Map<string, number>()

  const example = (path: string, because: string) => {
    const count = perReason.get(because) ?? 0
    if (count >= LEFT_OUT_EXAMPLES || (count === 0 && perReason.size >= MOST_REASONS)) return
    perReason.set(because, count + 1)
    leftOut.examples.push({ path, because })
  }
  const file = (bytes: number, because: string | null, path: () => string) => {
    const side = because === null ? taken : leftOut
    side.files += 1
    side.bytes += bytes
    if (because === null && taken.examples.length < TAKEN_EXAMPLES) taken.examples.push(path())
  }
  const batch = ({ folder, entries, because: all, isMount, unreadable }: Batch) => {
    const unasked = unreadable !== null ? `it cannot be read (${unreadable})` : isMount ? all : null
    if (unasked !== null) {
      example(`${shown(folder)}/`, unasked)
      if (warnings.length < MOST_WARNINGS) warnings.push(`${shown(folder)} is left out: ${unasked}.`)
    }
    for (const { name, kind, size, because } of entries) {
      const path = () => shown(joinBytes(folder, name))
      if (because !== null && all === null) example(`${path()}${kind === 'folder' ? '/' : ''}`, because)
      if (isCounted(kind)) file(size ?? 0, because, path)
    }
  }
  return { preview: { taken, leftOut, complete: true, warnings }, example, file, batch }
}

const shown = (path: Buffer): string => printable(textOf(path))
