import { readFile, writeFile } from 'node:fs/promises'

/** What one measurement has to say on the page. */
export interface Section {
  /** Fixed: a later measurement of the same name takes its place. */
  name: string
  title: string
  /** Markdown. */
  content: string
}

const TITLE = '# Benchmarks\n'

/**
 * Puts the section on the page, where it lies between two comments of its own; a page without it gets it at its end.
 * Everything else on the page stays as it is.
 */
export async function writeSection(page: string, section: Section): Promise<void> {
  const text = await readFile(page, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return TITLE
    throw error
  })
  await writeFile(page, withSection(text, section))
}

/** The page's text with that section. Throws when only one of the two comments is there. */
export function withSection(text: string, { name, title, content }: Section): string {
  const [start, end] = [`<!-- made by npm run bench: ${name} -->`, `<!-- end of ${name} -->`]
  const section = `${start}\n## ${title}\n\n${content.trim()}\n${end}`
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from === -1 && to === -1) return `${text.trimEnd()}\n\n${section}\n`
  if (from === -1 || to < from) throw new Error(`the page has only one of the two comments around “${name}”`)
  return text.slice(0, from) + section + text.slice(to + end.length)
}
