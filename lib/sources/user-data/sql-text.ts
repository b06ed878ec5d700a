export type Dialect = 'postgres' | 'sqlite'

/** A query in pieces: `sql` is what the server reads as code, the rest is quoted text, quoted names and comments. */
export interface SqlPiece {
  kind: 'sql' | 'quoted' | 'comment'
  text: string
}

const WORD = String.raw`[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*`
const plain = /'(?:[^']|'')*'/y
const name = /"(?:[^"]|"")*"/y
const lineComment = /--[^\n\r]*/y
const flatComment = /\/\*[\s\S]*?(?:\*\/|$)/y

/** What is tried at each place, in this order. PostgreSQL: chapter 4.1 of its manual; SQLite: its tokenize.c. */
const quoting: Record<Dialect, RegExp[]> = {
  postgres: [
    // A text goes on after a line break, and an E'…' then keeps its backslashes.
    /[eE]'(?:[^'\\]|\\[\s\S]|'')*'(?:[ \t]*[\n\r]\s*'(?:[^'\\]|\\[\s\S]|'')*')*/y,
    plain,
    name,
    /\$([A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$[\s\S]*?\$\1\$/y,
  ],
  sqlite: [plain, name, /`(?:[^`]|``)*`/y, /\[[^\]]*\]/y],
}

/** Cuts a query into pieces that make it up again. Null when a text, a name or a comment is not closed. */
export function piecesOf(query: string, dialect: Dialect): SqlPiece[] | null {
  const pieces: SqlPiece[] = []
  const add = (kind: SqlPiece['kind'], text: string) => {
    const last = pieces.at(-1)
    if (kind === 'sql' && last?.kind === 'sql') last.text += text
    else pieces.push({ kind, text })
  }
  const word = new RegExp(WORD, 'y')
  for (let at = 0; at < query.length; ) {
    const take = (pattern: RegExp) => {
      pattern.lastIndex = at
      return pattern.exec(query)?.[0]
    }
    const comment = take(lineComment) ?? commentAt(query, at, dialect, take)
    const quoted = comment === undefined ? quoting[dialect].map(take).find((text) => text !== undefined) : undefined
    const text = comment ?? quoted ?? take(word) ?? (query[at] as string)
    if (comment === '' || (quoted === undefined && /^['"`]$/.test(text) && isQuote(text, dialect))) return null
    add(comment !== undefined ? 'comment' : quoted !== undefined ? 'quoted' : 'sql', text)
    at += text.length
  }
  return pieces
}

const isQuote = (text: string, dialect: Dialect): boolean => text !== '`' || dialect === 'sqlite'

/** Undefined where no comment begins, '' for one that PostgreSQL finds open: there comments nest. */
function commentAt(query: string, at: number, dialect: Dialect, take: (pattern: RegExp) => string | undefined) {
  if (dialect === 'sqlite' || !query.startsWith('/*', at)) return take(flatComment)
  let depth = 0
  for (const mark of query.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return query.slice(at, at + mark.index + 2)
  }
  return ''
}

/** `:userId`, and not the end of `::userId` nor the start of `:userIds`. */
const PARAMETER = /(?<!:):userId(?![\w$\x80-\uffff])/g
const otherParameters: Record<Dialect, RegExp> = {
  postgres: /\$\d/,
  sqlite: /\?|[:@$][A-Za-z_\x80-\uffff]/,
}

/** What is wrong with a query, in words that go on from "must"; null when nothing is. */
export function problemOf(query: string, dialect: Dialect, parameter: 'with :userId' | 'without'): string | null {
  const pieces = piecesOf(query, dialect)
  if (pieces === null) return 'must close its quotes and comments'
  const code = pieces.map((piece) => (piece.kind === 'sql' ? piece.text : ' ')).join('')
  if (!/^\s*(select|with|values|table)\b/i.test(code)) return 'must be one SELECT'
  if (code.includes(';')) return 'must be one statement; a semicolon may only be inside a quoted text'
  const rest = code.replace(PARAMETER, ' ')
  if (otherParameters[dialect].test(rest)) return 'must have no parameter but :userId'
  const has = rest !== code
  if (has && parameter === 'without') return 'must not use :userId; that is for the query of one person'
  if (!has && parameter === 'with :userId') return 'must use :userId outside of quoted texts and comments'
  return null
}

/** The query with `:userId` in the server's own writing of a parameter. SQLite knows `:userId` itself. */
export function bindable(query: string, dialect: Dialect): string {
  if (dialect === 'sqlite') return query
  const pieces = piecesOf(query, dialect) ?? []
  return pieces.map(({ kind, text }) => (kind === 'sql' ? text.replace(PARAMETER, '$$1') : text)).join('')
}
