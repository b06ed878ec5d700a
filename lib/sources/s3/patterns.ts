/**
 * The patterns of rclone's filters, on keys below the prefix: `*` and `?` stay within one name, `**` does not, `[abc]` is one
 * of these characters, `{a,b}` is either; a pattern that begins with `/` starts at the prefix, others at any name; one that
 * ends with `/` is everything below. Regular expressions in `{{…}}` are not taken. (rclone: fs/filter/glob.go)
 */
export function patternToRegExp(pattern: string): RegExp {
  const anchored = pattern.startsWith('/')
  const glob = (anchored ? pattern.slice(1) : pattern).replace(/\/$/, '/**')
  const tokens = glob.match(/\*+|\\.?|\[(?:\\.|[^\]\\])*\]?|[\s\S]/gu) ?? []
  let inBraces = false
  let source = anchored ? '^' : '(?:^|/)'
  for (const token of tokens) {
    if (token.startsWith('*')) source += stars(token)
    else if (token.startsWith('\\')) source += escaped(token)
    else if (token.startsWith('[')) source += characterClass(token)
    else if (token === ']') throw new PatternError('has a ] without its [')
    else if (token === '?') source += '[^/]'
    else if (token === '{' || token === '}') {
      if (inBraces === (token === '{')) throw new PatternError('has braces that do not match')
      inBraces = token === '{'
      source += inBraces ? '(?:' : ')'
    } else if (token === ',' && inBraces) source += '|'
    else source += literal(token)
  }
  if (inBraces) throw new PatternError('has braces that do not match')
  return new RegExp(`${source}$`, 'su')
}

/** What is wrong with a pattern, in words that follow “the pattern”. */
export class PatternError extends Error {}

/** Whether one of the patterns catches the key; compiled once. */
export function matcher(patterns: readonly string[]): (key: string) => string | null {
  const compiled = patterns.map((pattern) => ({ pattern, expression: patternToRegExp(pattern) }))
  return (key) => compiled.find(({ expression }) => expression.test(key))?.pattern ?? null
}

function stars(token: string): string {
  if (token.length > 2) throw new PatternError('has more than two stars in a row')
  return token.length === 2 ? '.*' : '[^/]*'
}

function escaped(token: string): string {
  const character = token.slice(1)
  if (character === '' || /[\p{L}\p{N}]/u.test(character))
    throw new PatternError('has a backslash before nothing that it could protect')
  return literal(character)
}

function characterClass(token: string): string {
  const inner = token.slice(1, -1)
  if (!token.endsWith(']') || inner === '' || inner === '^' || inner.includes('['))
    throw new PatternError('has a [ without its ]')
  try {
    return new RegExp(`[${inner}]`, 'u').source
  } catch {
    throw new PatternError('has characters in brackets that are no range')
  }
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/u, '\\$&')
}
