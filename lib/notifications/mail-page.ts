/** The HTML of a mail. Everything but `body` is plain text. */
export function mailPage(page: {
  title: string
  colour: string
  facts: readonly (readonly [name: string, value: string])[]
  /** HTML. */
  body: string
  link: string
  linkText: string
}): string {
  const rows = page.facts.map(
    ([name, value]) =>
      `<tr><td style="padding:2px 16px 2px 0;color:#57606a;vertical-align:top">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
  )
  return `<!doctype html><html lang="en"><body style="margin:0;padding:24px;background:#f6f8fa;color:#1f2328;font:14px/1.5 system-ui,sans-serif">
<div style="max-width:600px;margin:0 auto;background:#fff;border:1px solid #d0d7de;border-radius:8px;padding:24px">
<h1 style="font-size:18px;margin:0 0 16px;color:${page.colour}">${escapeHtml(page.title)}</h1>
<table style="border-collapse:collapse">${rows.join('')}</table>
${page.body}
<p style="margin:24px 0 0"><a href="${escapeHtml(page.link)}">${escapeHtml(page.linkText)}</a></p></div></body></html>`
}

export interface Problem {
  code?: string
  message: string
  remedy: string
}

export const problemText = ({ code, message, remedy }: Problem): string[] => [
  `What happened: ${message}${code ? ` (${code})` : ''}`,
  `What to do: ${remedy}`,
]

export const problemHtml = ({ code, message, remedy }: Problem): string =>
  `<p style="margin:8px 0 0"><b>What happened:</b> ${escapeHtml(message)}${code ? ` <code>${escapeHtml(code)}</code>` : ''}</p>
<p style="margin:4px 0 0"><b>What to do:</b> ${escapeHtml(remedy)}</p>`

/** Header values are one line, whatever a name holds. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 200)
  return line.replace(/\p{Cs}$/u, '') // half of a character that the cut went through
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
