import { Readable } from 'node:stream'

const BUFFER_BYTES = 64 * 1024

/** A download that is made while it is sent. An error in it breaks the connection, so that half of it does not look whole. */
export function answerDownload({
  content,
  filename,
  bytes = null,
  type = 'application/octet-stream',
}: {
  content: Readable
  filename: string
  /** Null: nobody knows beforehand. */
  bytes?: number | null
  type?: string
}): Response {
  // Without a strategy, Node counts chunks instead of bytes and buffers a hundred megabytes.
  const strategy = new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES })
  return new Response(Readable.toWeb(content, { strategy }) as ReadableStream<Uint8Array>, {
    headers: {
      'content-type': type,
      'content-disposition': attachment(filename),
      ...(bytes === null ? {} : { 'content-length': String(bytes) }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}

/** RFC 6266, with RFC 8187 for what is not ASCII. */
export function attachment(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const hex = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  const encoded = encodeURIComponent(filename.toWellFormed()).replaceAll(/['()*]/g, hex)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
