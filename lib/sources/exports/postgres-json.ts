/** How values of PostgreSQL, given as the text that its own output functions write, become JSON. */

export interface ColumnType {
  /** The type's number in the catalogue; domains are their base type. */
  oid: number
  /** For arrays: the type of the elements, else 0. */
  elementOid: number
}

const BOOL = 16
const TIMESTAMP = 1114
const TIMESTAMPTZ = 1184
const jsonTypes = new Set([114, 3802])
/** int8, int2, int4, oid, float4, float8, numeric */
const numberTypes = new Set([20, 21, 23, 26, 700, 701, 1700])

export const isJsonType = (oid: number): boolean => jsonTypes.has(oid)

/**
 * Writes one value. Numbers keep every digit; what JSON has no number for (NaN, Infinity) is a text. Arrays are arrays,
 * except those with bounds of their own or of json, which stay PostgreSQL's text, as do composites, ranges and the like:
 * a text is always what the type's input function takes. Values of json are embedded, line breaks between their parts as
 * spaces; undefined says that the key is left out, which is how their NULL differs from JSON's null.
 */
export function jsonOf(type: ColumnType, text: string | null): string | undefined {
  if (isJsonType(type.oid)) return text === null ? undefined : text.replace(/[\n\r]/g, ' ')
  if (text === null) return 'null'
  if (type.elementOid !== 0 && !isJsonType(type.elementOid))
    return arrayOf(type.elementOid, text) ?? JSON.stringify(text)
  return scalarOf(type.oid, text)
}

function scalarOf(oid: number, text: string): string {
  if (numberTypes.has(oid) && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) return text
  if (oid === BOOL) return text === 't' ? 'true' : 'false'
  if (oid === TIMESTAMP || oid === TIMESTAMPTZ) return JSON.stringify(isoTime(text))
  return JSON.stringify(text)
}

/** ISO 8601 where it can say it: not for infinity, years before Christ and years of five digits. */
function isoTime(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)?(:\d\d)?$/.exec(text)
  if (parts === null) return text
  const [, date, time, zone, minutes] = parts
  return `${date}T${time}${zone === undefined ? '' : zone + (minutes ?? ':00')}`
}

/** `{1,NULL,"a \"b\""}`, also nested (chapter 8.15 of the manual). Null for any other writing. */
function arrayOf(elementOid: number, text: string): string | null {
  if (!text.startsWith('{')) return null
  const token = /\{|\}|,|"((?:[^"\\]|\\[\s\S])*)"|[^{},"\\]+/y
  let json = ''
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at
    const [whole, inQuotes] = token.exec(text) ?? []
    if (whole === undefined) return null
    if (whole === '{') json += '['
    else if (whole === '}') json += ']'
    else if (whole === ',') json += ','
    else if (inQuotes !== undefined) json += scalarOf(elementOid, inQuotes.replace(/\\([\s\S])/g, '$1'))
    else json += whole === 'NULL' ? 'null' : scalarOf(elementOid, whole)
  }
  return json
}
