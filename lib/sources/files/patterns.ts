import { posix } from 'node:path'

/*
 * restic's exclude patterns, read as restic 0.17 to 0.19 read them, so that a preview shows what a backup will leave out. A
 * pattern is a path of components. It matches a path when its components stand in it one after the other: from the start when
 * it begins with a slash, else anywhere, and not necessarily up to the end, so `cache` also matches all that lies in a folder
 * of that name. Components are those of Go's filepath.Match (`*`, `?`, `[a-z]`, `[^a]`, `\` before a character); the component
 * `**` stands for any number of folders. A pattern that begins with `!` takes back what earlier ones leave out; it cannot
 * reach into a folder that is left out itself, because restic does not look there.
 */

const ANY_DEPTH = Symbol('**')
type Component = string | RegExp | typeof ANY_DEPTH
interface Pattern {
  text: string
  takesBack: boolean
  components: Component[]
}

/** Everything in one component. */
const ANYTHING = /^.*$/su

/** Whether restic would take the pattern; it refuses a whole backup for an unclosed bracket or a trailing backslash. */
export function isPattern(text: string): boolean {
  return parse(text) !== null
}

/**
 * Answers which of the patterns leaves a path out; null: none does. A path is its components, `/` first. Patterns that restic
 * would refuse are an error.
 */
export function patternMatcher(patterns: readonly string[]): (path: readonly string[]) => string | null {
  const parsed = patterns.map((text) => {
    const pattern = parse(text)
    if (pattern === null) throw new Error(`not a pattern: ${text}`)
    return pattern
  })
  return (path) => {
    let leftOutBy: string | null = null
    for (const { text, takesBack, components } of parsed)
      if ((leftOutBy === null) !== takesBack && matches(components, path)) leftOutBy = takesBack ? null : text
    return leftOutBy
  }
}

/** `**` is tried as none, one, two … folders; the bound counts further `**` as one component each, as restic's does. */
function matches(components: readonly Component[], path: readonly string[]): boolean {
  const deep = components.indexOf(ANY_DEPTH)
  if (deep === -1) return standsIn(components, path)
  const [before, after] = [components.slice(0, deep), components.slice(deep + 1)]
  for (let folders = 0; folders <= path.length - components.length + 1; folders += 1)
    if (matches([...before, ...Array<Component>(folders).fill(ANYTHING), ...after], path)) return true
  return false
}

function standsIn(components: readonly Component[], path: readonly string[]): boolean {
  if (components.length === 0) return false
  const [first, last] = components[0] === '/' ? [0, 0] : [1, path.length - components.length]
  for (let offset = first; offset <= last && offset + components.length <= path.length; offset += 1)
    if (components.every((one, i) => isMatch(one, path[offset + i] as string))) return true
  return false
}

function isMatch(component: Component, name: string): boolean {
  return typeof component === 'string' ? component === name : component !== ANY_DEPTH && component.test(name)
}

function parse(text: string): Pattern | null {
  const takesBack = text.startsWith('!')
  const path = posix.normalize(takesBack ? text.slice(1) : text).replace(/(?<=.)\/$/, '')
  const components = path.split('/').map((part, i) => (i === 0 && part === '' ? '/' : componentOf(part)))
  if (text === '' || components.includes(null)) return null
  return { text, takesBack, components: components as Component[] }
}

function componentOf(part: string): Component | null {
  if (part === '**' || part === '') return ANY_DEPTH // only the pattern "/" has an empty one, and restic takes it so
  if (!/[\\[*?]/.test(part)) return part
  const source = new Glob(part).toRegExpSource()
  return source === null ? null : new RegExp(`^${source}$`, 'su')
}

/** One component in the language of Go's filepath.Match, read character by character. */
class Glob {
  #rest: string[]

  constructor(text: string) {
    this.#rest = [...text]
  }

  /** Null when Go would call it a bad pattern. */
  toRegExpSource(): string | null {
    let source = ''
    for (let char = this.#rest.shift(); char !== undefined; char = this.#rest.shift()) {
      const piece = this.#piece(char)
      if (piece === null) return null
      source += piece
    }
    return source
  }

  #piece(char: string): string | null {
    if (char === '*') return '.*'
    if (char === '?') return '.'
    if (char === '[') return this.#characterClass()
    if (char !== '\\') return escaped(char)
    const literal = this.#rest.shift()
    return literal === undefined ? null : escaped(literal)
  }

  #characterClass(): string | null {
    const isNegated = this.#rest[0] === '^'
    if (isNegated) this.#rest.shift()
    const ranges: string[] = []
    for (let count = 0; count === 0 || this.#rest[0] !== ']'; count += 1) {
      const low = this.#classCharacter()
      if (low === null) return null
      let high: string | null = low
      if (this.#rest[0] === '-') {
        this.#rest.shift()
        high = this.#classCharacter()
        if (high === null) return null
      }
      // A range that runs backwards is allowed and holds nothing.
      if (codeOf(low) <= codeOf(high)) ranges.push(`${escaped(low)}-${escaped(high)}`)
    }
    this.#rest.shift()
    return `[${isNegated ? '^' : ''}${ranges.join('')}]`
  }

  /** In brackets `-` and `]` stand for themselves only after a backslash, and something must follow. */
  #classCharacter(): string | null {
    let char = this.#rest.shift()
    if (char === undefined || char === '-' || char === ']') return null
    if (char === '\\') char = this.#rest.shift()
    return char === undefined || this.#rest.length === 0 ? null : char
  }
}

const codeOf = (char: string): number => char.codePointAt(0) as number
const escaped = (char: string): string => `\\u{${codeOf(char).toString(16)}}`
