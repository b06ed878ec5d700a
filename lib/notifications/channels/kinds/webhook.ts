import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { callJson } from '../call.ts'
import { hookAddress } from '../fields.ts'
import type { ChannelKind, Outgoing } from '../kind.ts'

const KEY_BYTES = { least: 24, most: 64 }

/** “whsec_” and 24 to 64 bytes in base64, as the specification asks. */
const signingSecret = secretText.refine((secret) => {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret.reveal()) ?? []
  const { length } = Buffer.from(encoded ?? '', 'base64')
  return length >= KEY_BYTES.least && length <= KEY_BYTES.most
}, 'must be “whsec_” and 24 to 64 bytes in base64, such as “whsec_” with what `openssl rand -base64 32` prints')

const webhookSettings = z.strictObject({
  url: hookAddress.meta({ title: 'Address', secret: true, examples: ['https://example.org/backups'] }),
  secret: signingSecret.meta({
    title: 'Signing secret',
    secret: true,
    description: 'The receiver checks with it that a message is from here: “whsec_” and 24 to 64 bytes in base64.',
  }),
})

/** A POST of JSON, signed after the Standard Webhooks specification (https://www.standardwebhooks.com, symmetric, v1). */
export const webhook: ChannelKind<z.output<typeof webhookSettings>> = {
  kind: 'webhook',
  title: 'Webhook',
  settings: webhookSettings,
  secretFields: ['url', 'secret'],
  recipients: () => null,
  async send({ url, secret }, message, deps) {
    const sentAt = new Date(Math.floor(message.sentAt.getTime() / 1000) * 1000)
    const body = payloadOf(message)
    const headers = {
      'webhook-id': message.id,
      'webhook-timestamp': String(sentAt.getTime() / 1000),
      'webhook-signature': new Webhook(secret.reveal()).sign(message.id, sentAt, JSON.stringify(body)),
    }
    await callJson(url.reveal(), body, deps, headers)
  },
}

/** `type` is the event’s name with dots: backup.failed. */
function payloadOf({ event, severity, at, environments, told }: Outgoing) {
  return {
    type: event.toLowerCase().replace('_', '.'),
    timestamp: at.toISOString(),
    data: { severity: severity.toLowerCase(), environments, ...told },
  }
}
