import { Download, Printer } from 'lucide-react'
import { Button } from '#app/_ui/button.tsx'
import { saveText } from '#app/_ui/save-text.ts'

/** Prints the page, or saves its text as a file. */
export function KeepText({ filename, text }: { filename: string; text: string }) {
  return (
    <>
      <Button look="main" onClick={() => window.print()}>
        <Printer aria-hidden className="size-4" /> Print
      </Button>
      <Button onClick={() => saveText(filename, text)}>
        <Download aria-hidden className="size-4" /> Download
      </Button>
    </>
  )
}
