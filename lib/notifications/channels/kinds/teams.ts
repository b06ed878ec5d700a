import { z } from 'zod'
import { bodyText, shortened } from '../../told.ts'
import { callJson } from '../call.ts'
import { hookAddress } from '../fields.ts'
import type { ChannelKind } from '../kind.ts'

const teamsSettings = z.strictObject({
  url: hookAddress.meta({
    title: 'Address of the workflow',
    secret: true,
    description: 'Of a workflow “Post to a channel when a webhook request is received”.',
  }),
})

/** A message may have 28 kB. */
const BODY_LIMIT = 12_000
const colours = { good: 'Good', warn: 'Warning', bad: 'Attention', plain: 'Default' } as const

/**
 * A workflow of Microsoft Teams that takes an adaptive card:
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 */
export const teams: ChannelKind<z.output<typeof teamsSettings>> = {
  kind: 'teams',
  title: 'Microsoft Teams',
  settings: teamsSettings,
  secretFields: ['url'],
  recipients: () => null,
  async send({ url }, { told }, deps) {
    const body = shortened(bodyText(told).join('\n').trim(), BODY_LIMIT)
    const block = (text: string, more: object) => ({
      type: 'RichTextBlock',
      inlines: [{ type: 'TextRun', text, ...more }], // unlike a TextBlock, it knows no Markdown
    })
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      body: [
        block(told.title, { size: 'Large', weight: 'Bolder', color: colours[told.tone] }),
        ...body.split('\n').flatMap((line) => (line === '' ? [] : [block(line, {})])),
      ],
      actions: told.link === '' ? [] : [{ type: 'Action.OpenUrl', title: told.linkText, url: told.link }],
    }
    const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
    await callJson(url.reveal(), { type: 'message', attachments: [attachment] }, deps)
  },
}
