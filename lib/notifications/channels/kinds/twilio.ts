import createClient from 'twilio'
import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { reach, requireTaken } from '../call.ts'
import { phoneNumbers } from '../fields.ts'
import type { ChannelKind, SendDeps } from '../kind.ts'
import { smsText } from '../sms-text.ts'

const ORIGIN = 'https://api.twilio.com'

const twilioSettings = z.strictObject({
  accountSid: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, 'must be “AC” and 32 hexadecimal digits')
    .meta({ title: 'Account SID' }),
  authToken: secretText.meta({ title: 'Auth token', secret: true }),
  from: z
    .string()
    .regex(
      /^(\+[1-9]\d{4,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})$/,
      'must be a number, a sender name or a messaging service',
    )
    .meta({ title: 'Sent from', description: 'A number of the account, a sender name, or a messaging service (MG…).' }),
  numbers: phoneNumbers.meta({ title: 'Numbers', examples: [['+4915112345678']] }),
  origin: z
    .url({ protocol: /^https?$/, error: 'must be an address like https://api.twilio.com' })
    .default(ORIGIN)
    .meta({ title: 'API', advanced: true, description: 'Another way to Twilio’s API, such as a proxy.' }),
})

/** Short messages by Twilio. */
export const twilio: ChannelKind<z.output<typeof twilioSettings>> = {
  kind: 'twilio',
  title: 'SMS by Twilio',
  settings: twilioSettings,
  secretFields: ['authToken'],
  recipients: ({ numbers }) => numbers,
  async send({ accountSid, authToken, from, origin }, { recipient, told }, deps) {
    const client = createClient(accountSid, authToken.reveal(), { httpClient: throughOurs(origin, deps) })
    const sender = from.startsWith('MG') ? { messagingServiceSid: from } : { from }
    await client.messages.create({ to: recipient, ...sender, body: smsText(told) })
  },
}

/** Twilio’s client on our own connections, so that it reaches nothing that others may not, and waits for nothing that we do not. */
function throughOurs(origin: string, deps: SendDeps): createClient.RequestClient {
  const client: Pick<createClient.RequestClient, 'request'> = {
    async request({ uri, username, password, headers, data, method }) {
      if (method !== 'post') throw new Error('only messages are sent here')
      const url = new URL(uri.replace(ORIGIN, origin))
      const { status, text } = await reach(
        url,
        {
          body: new URLSearchParams(data as Record<string, string>).toString(),
          headers: {
            ...(headers as Record<string, string>),
            authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
          },
        },
        deps,
      )
      requireTaken(url.host, status, text)
      return { statusCode: status, body: JSON.parse(text) as never, headers: {}, toString: () => text }
    },
  }
  return client as createClient.RequestClient
}
