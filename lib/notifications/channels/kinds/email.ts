import { z } from 'zod'
import { emailAddress } from '#lib/config/email.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { mailOf } from '../../mail.ts'
import type { ChannelKind } from '../kind.ts'

const emailSettings = z.strictObject({
  recipients: z
    .array(emailAddress)
    .min(1, 'needs at least one address')
    .max(100, 'may be at most 100')
    .transform((all) => [...new Set(all)])
    .meta({ title: 'Addresses', examples: [['ops@example.org']] }),
})

/** Mail through the mail server of SMTP_URL. */
export const email: ChannelKind<z.output<typeof emailSettings>> = {
  kind: 'email',
  title: 'Email',
  settings: emailSettings,
  secretFields: [],
  recipients: ({ recipients }) => recipients,
  async send(_settings, { recipient, told }, { mailer }) {
    if (!mailer) throw new CodedError('MAIL_NOT_CONFIGURED', {})
    await mailer.send({ ...mailOf(told), to: recipient })
  },
}
