import { useQuery } from '@tanstack/react-query'
import { keys } from '#app/_data/keys.ts'
import { downloadAddress, type SnapshotEntry } from '#app/_data/snapshots.ts'

const TEXT_BYTES = 1024 * 1024
const IMAGE_BYTES = 8 * 1024 * 1024
const imageTypes: Record<string, string> = {
  ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif' },
  ...{ webp: 'image/webp', avif: 'image/avif', bmp: 'image/bmp', ico: 'image/x-icon' },
}

const imageTypeOf = (name: string): string | undefined => imageTypes[name.split('.').at(-1)?.toLowerCase() ?? '']

/** Whether it is small enough to be shown. restic finds nothing by a name that is not UTF-8. */
export function isPreviewable({ type, bytes, name, path }: SnapshotEntry): boolean {
  const most = imageTypeOf(name) === undefined ? TEXT_BYTES : IMAGE_BYTES
  return type === 'FILE' && !path.includes('\uFFFD') && bytes !== null && Number(bytes) <= most
}

/** All of a file of a snapshot. */
export function useSnapshotFile(runId: string, { path, bytes }: SnapshotEntry) {
  return useQuery({
    queryKey: [...keys.snapshotEntries(runId, path), 'content'],
    queryFn: async ({ signal }) => {
      const answer = await fetch(downloadAddress(runId, path), { signal })
      if (!answer.ok) throw new Error(`The file could not be read (HTTP ${answer.status}).`)
      const content = new Uint8Array(await answer.arrayBuffer())
      if (content.length !== Number(bytes)) throw new Error('The file could not be read to its end.')
      return content
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
}

export type Preview = { kind: 'image'; address: string } | { kind: 'text'; text: string } | { kind: 'none' }

/** An image by its name, or a text by its content. Nothing in an image of these types is run, whatever its content. */
export function previewOf(name: string, content: Uint8Array): Preview {
  const type = imageTypeOf(name)
  if (type !== undefined) {
    let binary = ''
    for (const byte of content) binary += String.fromCharCode(byte)
    return { kind: 'image', address: `data:${type};base64,${btoa(binary)}` }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content)
    return text.includes('\0') ? { kind: 'none' } : { kind: 'text', text }
  } catch {
    return { kind: 'none' }
  }
}
