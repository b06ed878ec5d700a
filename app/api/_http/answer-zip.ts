import { Readable } from 'node:stream'

const BUFFER_BYTES = 64 * 1024

/** A download that is made while it is sent. An error in it breaks the connection; the length is not known before. */
export function answerZip({ zip, filename }: { zip: Readable; filename: string }): Response {
  // Without a strategy, Node counts chunks instead of bytes and buffers a hundred megabytes.
  const strategy = new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES })
  return new Response(Readable.toWeb(zip, { strategy }) as ReadableStream<Uint8Array>, {
    headers: {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${filename}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}
