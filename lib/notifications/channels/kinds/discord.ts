import { z } from 'zod'
import { bodyText, shortened } from '../../told.ts'
import { callJson } from '../call.ts'
import { hookAddress } from '../fields.ts'
import type { ChannelKind } from '../kind.ts'

const discordSettings = z.strictObject({
  url: hookAddress.meta({
    title: 'Address of the webhook',
    secret: true,
    examples: ['https://discord.com/api/webhooks/…'],
  }),
})

const TITLE_LIMIT = 256
const DESCRIPTION_LIMIT = 4096
const colours = { good: 0x1a7f37, warn: 0x9a6700, bad: 0xcf222e, plain: 0x57606a } as const

/** A webhook of Discord: https://docs.discord.com/developers/resources/webhook#execute-webhook */
export const discord: ChannelKind<z.output<typeof discordSettings>> = {
  kind: 'discord',
  title: 'Discord',
  settings: discordSettings,
  secretFields: ['url'],
  recipients: () => null,
  async send({ url }, { told }, deps) {
    const embed = {
      title: shortened(unmarked(told.title), TITLE_LIMIT),
      description: shortened(unmarked(bodyText(told).join('\n').trim()), DESCRIPTION_LIMIT),
      color: colours[told.tone],
      ...(told.link === '' ? {} : { url: told.link }),
    }
    // Whatever a name holds, it mentions nobody.
    await callJson(url.reveal(), { embeds: [embed], allowed_mentions: { parse: [] } }, deps)
  },
}

/** Without what Discord’s Markdown would make of it. */
const unmarked = (text: string) => text.replace(/[\\*_~`|>[\]()#<@-]/g, String.raw`\$&`)
