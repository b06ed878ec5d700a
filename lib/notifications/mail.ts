import { bodyText, EVIDENCE_LIMIT, type Problem, shortened, type Told, type Tone } from './told.ts'

export interface Mail {
  subject: string
  text: string
  html: string
}

const colours: Record<Tone, string> = { good: '#1a7f37', warn: '#9a6700', bad: '#cf222e', plain: '#57606a' }

/** What is told as a mail, in plain text and in HTML. Pure. */
export function mailOf(told: Told): Mail {
  const { title, link } = told
  const text = [`${title}.`, '', ...bodyText(told), ...(link === '' ? [] : ['', link]), ''].join('\n')
  return { subject: title, text, html: page(told) }
}

function page({ title, tone, facts, parts, lines, problem, link, linkText, actions }: Told): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="padding:2px 16px 2px 0;color:#57606a;vertical-align:top">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
  )
  const blocks = parts.map(
    (
      part,
    ) => `<div style="border-top:1px solid #d0d7de;margin-top:16px;padding-top:12px"><strong>${escapeHtml(part.name)}</strong>
<span style="color:${colours[part.tone]}">${escapeHtml(part.state)}</span>${escapeHtml(part.figures)}${part.causes.map(causeHtml).join('')}${part.problem ? problemHtml(part.problem) : ''}</div>`,
  )
  const list = lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`
  const body = `${blocks.join('')}${list}${problem ? problemHtml(problem) : ''}`
  const ways = [...(link === '' ? [] : [{ text: linkText, link }]), ...actions].map(
    (way) => `<p style="margin:24px 0 0"><a href="${escapeHtml(way.link)}">${escapeHtml(way.text)}</a></p>`,
  )
  return `<!doctype html><html lang="en"><body style="margin:0;padding:24px;background:#f6f8fa;color:#1f2328;font:14px/1.5 system-ui,sans-serif">
<div style="max-width:600px;margin:0 auto;background:#fff;border:1px solid #d0d7de;border-radius:8px;padding:24px">
<h1 style="font-size:18px;margin:0 0 16px;color:${colours[tone]}">${escapeHtml(title)}</h1>
<table style="border-collapse:collapse">${rows.join('')}</table>
${body}
${ways.join('')}</div></body></html>`
}

const causeHtml = ({ cause, remedy, evidence }: Told['parts'][number]['causes'][number]): string =>
  `<p style="margin:8px 0 0"><b>Likely cause:</b> ${escapeHtml(cause)}</p>
<p style="margin:4px 0 0"><b>What helps:</b> ${escapeHtml(remedy)}</p>
${evidence === '' ? '' : `<p style="margin:4px 0 0;color:#57606a">The log says: <code>${escapeHtml(shortened(evidence, EVIDENCE_LIMIT))}</code></p>`}`

const problemHtml = ({ code, message, remedy }: Problem): string =>
  `<p style="margin:8px 0 0"><b>What happened:</b> ${escapeHtml(message)}${code ? ` <code>${escapeHtml(code)}</code>` : ''}</p>
<p style="margin:4px 0 0"><b>What to do:</b> ${escapeHtml(remedy)}</p>`

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
