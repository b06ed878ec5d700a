/** Hands a text to the browser to save as a file. It never leaves this computer. */
export function saveText(filename: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = filename
  link.click()
  // Not at once: some browsers start to read it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
