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
/** One folder of those that a `**` stands for. */
const ANYTHING = Symbol('*')
type Component = string | RegExp | typeof ANY_DEPTH | typeof ANYTHING
interface Pattern {
  text: string
  takesBack: boolean
  components: Component[]
  /** Whether it has a `**`. */
  isDeep: boolean
  /** By the length of the path. */
  spelledOut: Map<number, Component[][]>
}

/** Whether restic would take the pattern; it refuses a whole backup for an unclosed bracket or a trailing backslash. */
export function isPattern(text: string): boolean {
  return parse(text) !== null
}

/** Which pattern leaves out a name in a folder; null: none does. */
export type NameJudge = (name: string) => string | null

/**
 * Prepares the patterns for a folder, given by its components (`/` first), and then judges names in it. What matches a folder
 * matches all that is in it, so only the ends of paths are looked at for each name. Patterns that restic would refuse are an
 * error.
 */
export function patternMatcher(patterns: readonly string[]): (folder: readonly string[]) => NameJudge {
  const parsed = patterns.map((text) => {
    const pattern = parse(text)
    if (pattern === null) throw new Error(`not a pattern: ${text}`)
    return pattern
  })
  return (folder) => {
    const prepared = parsed.map((pattern) => ({ ...pattern, matchesFolder: isIn(pattern, folder) }))
    return (name) => {
      let leftOutBy: string | null = null
      for (const pattern of prepared) {
        if ((leftOutBy === null) === pattern.takesBack) continue
        const isHit =
          pattern.matchesFolder || (pattern.isDeep ? isIn(pattern, [...folder, name]) : endsIn(pattern, folder, name))
        if (isHit) leftOutBy = pattern.takesBack ? null : pattern.text
      }
      return leftOutBy
    }
  }
}

function isIn(pattern: Pattern, path: readonly string[]): boolean {
  return spelledOut(pattern, path.length).some((components) => standsIn(components, path))
}

/** The pattern without `**` for paths of a length. */
function spelledOut(pattern: Pattern, length: number): Component[][] {
  let spelled = pattern.spelledOut.get(length)
  if (spelled === undefined) {
    spelled = expand(pattern.components, length)
    pattern.spelledOut.set(length, spelled)
  }
  return spelled
}

/** Each `**` as none, one, two … folders; the bound counts further `**` as one component each, as restic’s does. */
function expand(components: readonly Component[], length: number): Component[][] {
  const deep = components.indexOf(ANY_DEPTH)
  if (deep === -1) return [[...components]]
  const [before, after] = [components.slice(0, deep), components.slice(deep + 1)]
  const all: Component[][] = []
  for (let folders = 0; folders <= length - components.length + 1; folders += 1)
    all.push(...expand([...before, ...Array<Component>(folders).fill(ANYTHING), ...after], length))
  return all
}

function standsIn(components: readonly Component[], path: readonly string[]): boolean {
  if (components.length === 0) return false
  const [first, last] = components[0] === '/' ? [0, 0] : [1, path.length - components.length]
  for (let offset = first; offset <= last && offset + components.length <= path.length; offset += 1)
    if (components.every((one, i) => isMatch(one, path[offset + i] as string))) return true
  return false
}

/** Whether a pattern without `**` stands at the very end of a path. */
function endsIn({ components }: Pattern, folder: readonly string[], name: string): boolean {
  const offset = folder.length + 1 - components.length
  if (offset < 0 || (offset === 0) !== (components[0] === '/')) return false
  const last = components.length - 1
  return (
    isMatch(components[last] as Component, name) &&
    components.every((one, i) => i === last || isMatch(one, folder[offset + i] as string))
  )
}

function isMatch(component: Component, name: string): boolean {
  if (typeof component === 'string') return component === name
  return component instanceof RegExp ? component.test(name) : component === ANYTHING
}

function parse(text: string): Pattern | null {
  const takesBack = text.startsWith('!')
  const path = posix.normalize(takesBack ? text.slice(1) : text).replace(/(?<=.)\/$/, '')
  const components = path.split('/').map((part, i) => (i === 0 && part === '' ? '/' : componentOf(part)))
  if (text === '' || components.includes(null)) return null
  const isDeep = components.includes(ANY_DEPTH)
  return { text, takesBack, components: components as Component[], isDeep, spelledOut: new Map() }
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
