const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A file name as text, without loss: bytes that are not UTF-8 become lone surrogates (U+DC00 + byte), one each, as Go counts
 * them. `printable` gives the text that restic prints for it.
 */
export function textOf(name: Buffer): string {
  const text = name.toString('utf8')
  return text.includes('�') ? carefully(name) : text
}

/** With U+FFFD for each byte that is not UTF-8, as restic prints names. */
export const printable = (text: string): string => text.toWellFormed()

function carefully(name: Buffer): string {
  let text = ''
  for (let i = 0; i < name.length; ) {
    const found = sequenceAt(name, i)
    text += found ?? String.fromCharCode(0xdc00 + (name[i] as number))
    i += found === null ? 1 : Buffer.byteLength(found)
  }
  return text
}

function sequenceAt(name: Buffer, start: number): string | null {
  const lead = name[start] as number
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  try {
    return utf8.decode(name.subarray(start, start + length))
  } catch {
    return null
  }
}
