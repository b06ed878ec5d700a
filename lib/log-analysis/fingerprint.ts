/*
 * What a line of a log has in common with others that say the same of something else.
 */

const PARTS: readonly [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/(["'“‘«`])[^"'”’»`]{1,500}?["'”’»`]/g, '<name>'],
  [/(?:\/[^\s/:,;()[\]]+){2,}\/?/g, '<path>'],
  [/\b(?:0x)?[0-9a-f]{8,}\b/gi, '<id>'],
  [/\d+(?:[.,:]\d+)*/g, '<number>'],
]
const LOOKED_AT = 500

/** “open /srv/a.jpg: error 5” and “open /srv/b.jpg: error 17” are one: “open <path>: error <number>”. */
export function fingerprintOf(line: string): string {
  return PARTS.reduce((text, [form, word]) => text.replace(form, word), line.slice(0, LOOKED_AT)).trim()
}
