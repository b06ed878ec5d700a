/**
 * Reads the few elements of S3's answers that are needed. Those are flat lists without attributes, comments or CDATA, and
 * the same name never occurs inside itself, so that finding tags is enough.
 */

/** The text of the first element of that name, null when there is none. */
export function textOf(xml: string, name: string): string | null {
  const [first] = elementsOf(xml, name)
  return first === undefined ? null : withoutEntities(first)
}

/** The raw content of every element of that name. */
export function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map((match) => match[1] as string)
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function withoutEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return ENTITIES[name ?? ''] ?? whole
  })
}
