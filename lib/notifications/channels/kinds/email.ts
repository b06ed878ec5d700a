import { z } from 'zod'
import { emailAddress } from '#lib/config/email.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { secretText } from '#lib/forms/settings.ts'
import { reachableAddress } from '#lib/hooks/addresses.ts'
import { mailOf } from '../../mail.ts'
import { type Mailer, mailerOf } from '../../mailer.ts'
import type { ChannelKind, SendDeps } from '../kind.ts'

const emailSettings = z.strictObject({
  recipients: z
    .array(emailAddress)
    .min(1, 'needs at least one address')
    .max(100, 'may be at most 100')
    .transform((all) => [...new Set(all)])
    .meta({ title: 'Addresses', examples: [['ops@example.org']] }),
  server: secretText
    .refine((secret) => {
      const url = URL.parse(secret.reveal())
      return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== ''
    }, 'must be like smtps://user:password@mail.example.org')
    .optional()
    .meta({
      title: 'A mail server of its own',
      description: 'Left out: that of SMTP_URL.',
      secret: true,
      advanced: true,
      examples: ['smtps://user:password@mail.example.org'],
    }),
  from: z
    .string()
    .regex(/^[^\r\n]+$/, 'must be one line')
    .max(300, 'may have at most 300 characters')
    .optional()
    .meta({ title: 'Sender', advanced: true, examples: ['Backups <backups@example.org>'] }),
})
type EmailSettings = z.output<typeof emailSettings>

/** Mail through the mail server of SMTP_URL, or one of its own. */
export const email: ChannelKind<EmailSettings> = {
  kind: 'email',
  title: 'Email',
  settings: emailSettings,
  secretFields: ['server'],
  recipients: ({ recipients }) => recipients,
  async send(settings, { recipient, told }, deps) {
    const own = await ownMailer(settings, deps)
    const mailer = own ?? deps.mailer
    if (!mailer) throw new CodedError('MAIL_NOT_CONFIGURED', {})
    try {
      await mailer.send({ ...mailOf(told), to: recipient, ...(settings.from && { from: settings.from }) })
    } finally {
      own?.close()
    }
  },
}

async function ownMailer({ server }: EmailSettings, { allowed }: SendDeps): Promise<Mailer | null> {
  if (server === undefined) return null
  const { hostname } = new URL(server.reveal())
  const address = await reachableAddress(hostname.replace(/^\[|\]$/g, ''), allowed).catch((cause: unknown) => {
    if (cause instanceof CodedError) throw cause
    throw new CodedError(
      'MAIL_UNREACHABLE',
      { reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    )
  })
  return mailerOf(server, undefined, address)
}
