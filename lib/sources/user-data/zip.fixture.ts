import { crc32, inflateRawSync } from 'node:zlib'

/** The entries of a ZIP by its directory, which is at its end; throws for one that is cut or damaged. Small ones only. */
export function readZip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end === -1) throw new Error('no directory: the ZIP is cut')
  const entries = new Map<string, Buffer>()
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [sum, packed, bytes] = [16, 20, 24].map((field) => zip.readUInt32LE(at + field)) as [number, number, number]
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field)) as [number, number, number]
    const local = zip.readUInt32LE(at + 42)
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const file = zip.toString('utf8', at + 46, at + 46 + name)
    const content = inflateRawSync(zip.subarray(data, data + packed))
    if (content.length !== bytes || crc32(content) !== sum) throw new Error(`${file} is damaged`)
    entries.set(file, content)
    at += 46 + name + extra + comment
  }
  return entries
}
