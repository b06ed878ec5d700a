import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { bodyText, shortened } from '../../told.ts'
import { callJson } from '../call.ts'
import type { ChannelKind } from '../kind.ts'

const ntfySettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an address like https://ntfy.sh' })
    .refine((text) => {
      const url = URL.parse(text)
      return url === null || (url.username === '' && url.password === '' && url.search === '' && url.hash === '')
    }, 'may hold no user, password, query or fragment')
    .default('https://ntfy.sh')
    .meta({ title: 'Server', examples: ['https://ntfy.sh'] }),
  topic: z
    .string()
    .regex(/^[-_A-Za-z0-9]{1,64}$/, 'may have up to 64 letters, digits, “-” and “_”')
    .meta({ title: 'Topic', examples: ['backups-4f1c'] }),
  token: secretText.optional().meta({ title: 'Access token', secret: true }),
})

/** ntfy makes a file of what is longer, in bytes. */
const MESSAGE_LIMIT = 1200
const priorities = { INFO: 3, WARNING: 4, ERROR: 5 } as const
const tags = { good: 'white_check_mark', warn: 'warning', bad: 'x', plain: 'information_source' } as const

/** ntfy, publishing as JSON: https://docs.ntfy.sh/publish/#publish-as-json */
export const ntfy: ChannelKind<z.output<typeof ntfySettings>> = {
  kind: 'ntfy',
  title: 'ntfy',
  settings: ntfySettings,
  secretFields: ['token'],
  recipients: () => null,
  async send({ url, topic, token }, { told, severity }, deps) {
    const message = {
      topic,
      title: told.title,
      message: shortened(bodyText(told).join('\n').trim() || told.title, MESSAGE_LIMIT),
      priority: priorities[severity],
      tags: [tags[told.tone]],
      ...(told.link === '' ? {} : { click: told.link }),
    }
    await callJson(url, message, deps, token ? { authorization: `Bearer ${token.reveal()}` } : {})
  },
}
