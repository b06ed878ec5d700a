import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { callJson } from '../call.ts'
import { hookAddress, phoneNumbers } from '../fields.ts'
import type { ChannelKind } from '../kind.ts'
import { smsText } from '../sms-text.ts'

const template = z
  .string()
  .max(10_000, 'may have at most 10000 characters')
  .refine(isJson, 'must be JSON, such as {"to": "{{to}}", "text": "{{text}}"}')
  .refine((text) => text.includes('{{to}}') && text.includes('{{text}}'), 'must hold {{to}} and {{text}}')

const smsSettings = z.strictObject({
  url: hookAddress.meta({ title: 'Address of the gateway', secret: true, examples: ['https://sms.example.org/send'] }),
  numbers: phoneNumbers.meta({ title: 'Numbers', examples: [['+4915112345678']] }),
  template: template.default('{"to": "{{to}}", "text": "{{text}}"}').meta({
    title: 'What is posted',
    multiline: true,
    description: 'JSON; {{to}} and {{text}} in its texts become the number and the message.',
  }),
  authorization: secretText.optional().meta({
    title: 'Authorization header',
    secret: true,
    description: 'As the gateway wants it, such as “Bearer …”.',
  }),
})

/** Any gateway for short messages that takes JSON. */
export const sms: ChannelKind<z.output<typeof smsSettings>> = {
  kind: 'sms',
  title: 'SMS gateway',
  settings: smsSettings,
  secretFields: ['url', 'authorization'],
  recipients: ({ numbers }) => numbers,
  async send({ url, template, authorization }, { recipient, told }, deps) {
    const body = filled(JSON.parse(template), { to: recipient, text: smsText(told) })
    await callJson(url.reveal(), body, deps, authorization ? { authorization: authorization.reveal() } : {})
  },
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

/** In the parsed template, so that nothing in a message can end a text of it. */
function filled(node: unknown, values: Record<'to' | 'text', string>): unknown {
  if (typeof node === 'string') return node.replace(/\{\{(to|text)\}\}/g, (_, name: 'to' | 'text') => values[name])
  if (Array.isArray(node)) return node.map((one) => filled(one, values))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, filled(value, values)]))
}
