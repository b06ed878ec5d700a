import { X } from 'lucide-react'
import { previewOf, useSnapshotFile } from '#app/_data/snapshot-file.ts'
import type { SnapshotEntry } from '#app/_data/snapshots.ts'
import { Button } from '#app/_ui/button.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'

interface Props {
  runId: string
  entry: SnapshotEntry
  onClose: () => void
}

/** The content of a file, when it is a text or an image. */
export function Preview({ runId, entry, onClose }: Props) {
  const content = useSnapshotFile(runId, entry)
  return (
    <Panel
      title={<span className="font-mono text-small break-all">{entry.path}</span>}
      aside={
        <Button size="small" onClick={onClose}>
          <X aria-hidden className="size-4" /> Close
        </Button>
      }
    >
      <Answered answer={content} lines={6}>
        {(found) => {
          const preview = previewOf(entry.name, found)
          if (preview.kind === 'image')
            return (
              // biome-ignore lint/performance/noImgElement: it is no file that Next serves
              <img src={preview.address} alt={entry.name} className="max-h-128 max-w-full bg-well object-contain" />
            )
          if (preview.kind === 'text')
            return (
              <section
                aria-label={`Content of ${entry.name}`}
                // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
                tabIndex={0}
                className="max-h-128 overflow-auto rounded-control bg-well p-3"
              >
                <pre className="font-mono text-small whitespace-pre-wrap">{preview.text}</pre>
              </section>
            )
          return <p>It is neither a text in UTF-8 nor an image that a browser shows. Download it instead.</p>
        }}
      </Answered>
    </Panel>
  )
}
