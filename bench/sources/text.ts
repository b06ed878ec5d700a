import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Gives pieces of real text and numbers: the same for the same seed and the same installed packages. */
export interface TextMaker {
  /** A piece of that many characters, in one line without tabs and backslashes. */
  piece(length: number): string
  /** A whole number from 0 to below `limit`. */
  number(limit: number): number
}

/**
 * Invented text is easier or harder to compress than people's, and gzip's speed depends on it by a factor of two. So this
 * cuts pieces at random from what people wrote: the Markdown files of the packages in node_modules, about 10 MB.
 */
export async function textMaker(seed: number): Promise<TextMaker> {
  const text = await readAll()
  const next = mulberry32(seed)
  const number = (limit: number) => next() % limit
  return {
    number,
    piece: (length) => {
      const start = number(text.length - length)
      return text.slice(start, start + length)
    },
  }
}

async function readAll(): Promise<string> {
  const packages = join(import.meta.dirname, '../../node_modules')
  const files: string[] = []
  for await (const file of glob('**/*.md', { cwd: packages })) files.push(file)
  const texts = await Promise.all(files.sort().map((file) => readFile(join(packages, file), 'latin1')))
  const plain = texts.join(' ').replaceAll(/[^\x21-\x7e]+/g, ' ')
  return plain.replaceAll('\\', '/')
}

/** Tommy Ettinger's mulberry32, public domain: 32 bits a call. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}
