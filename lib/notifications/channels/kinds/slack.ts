import { z } from 'zod'
import { bodyText, shortened } from '../../told.ts'
import { callJson } from '../call.ts'
import { hookAddress } from '../fields.ts'
import type { ChannelKind } from '../kind.ts'

const slackSettings = z.strictObject({
  url: hookAddress.meta({
    title: 'Address of the incoming webhook',
    secret: true,
    examples: ['https://hooks.slack.com/services/…'],
  }),
})

/** Slack’s limits of a header and of a section, in characters. */
const HEADER_LIMIT = 150
const SECTION_LIMIT = 3000
const BUTTON_LIMIT = 75
const signs = { good: '✅', warn: '⚠️', bad: '❌', plain: 'ℹ️' } as const

/** An incoming webhook of Slack, or of what speaks like it (Mattermost, Rocket.Chat): https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const slack: ChannelKind<z.output<typeof slackSettings>> = {
  kind: 'slack',
  title: 'Slack',
  settings: slackSettings,
  secretFields: ['url'],
  recipients: () => null,
  async send({ url }, { told }, deps) {
    const ways = [...(told.link === '' ? [] : [{ text: told.linkText, link: told.link }]), ...told.actions]
    const body = bodyText({ ...told, actions: [] })
      .join('\n')
      .trim()
    const plain = (text: string, limit: number) => ({ type: 'plain_text', text: shortened(text, limit) })
    const blocks = [
      { type: 'header', text: plain(`${signs[told.tone]} ${told.title}`, HEADER_LIMIT) },
      ...(body === '' ? [] : [{ type: 'section', text: plain(body, SECTION_LIMIT) }]),
      ...(ways.length === 0
        ? []
        : [
            {
              type: 'actions',
              elements: ways.map(({ text, link: url }) => ({ type: 'button', text: plain(text, BUTTON_LIMIT), url })),
            },
          ]),
    ]
    // The text is what a notification shows: it is markup, so that names are escaped in it.
    await callJson(url.reveal(), { text: escaped(told.title), blocks }, deps)
  },
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
