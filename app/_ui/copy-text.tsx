'use client'

import { Check, Copy } from 'lucide-react'
import { useState } from 'react'

/** A short form of a long identifier, with a button that copies the whole of it. */
export function CopyText({ text, shown }: { text: string; shown: string }) {
  const [copied, setCopied] = useState(false)

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 2_000)
    } catch {
      // Browsers allow this on https and localhost only; the title still shows the whole text.
    }
  }

  return (
    <span className="inline-flex items-center gap-1">
      <span title={text} className="font-mono text-small">
        {shown}
      </span>
      <button
        type="button"
        onClick={() => void copy()}
        className="inline-flex size-7 items-center justify-center rounded-control text-ink-soft hover:bg-well hover:text-ink"
      >
        {copied ? <Check aria-hidden className="size-4" /> : <Copy aria-hidden className="size-4" />}
        <span className="sr-only">{copied ? 'Copied' : `Copy ${shown}`}</span>
      </button>
    </span>
  )
}
