import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Config } from '#lib/config/config.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'

export interface Message {
  /** Another sender than the mailer's. */
  from?: string
  to: string
  subject: string
  text: string
  html: string
}

export interface Mailer {
  readonly from: string
  /** Resolves when the mail server has taken the message. Throws MAIL_REFUSED (for good) or MAIL_UNREACHABLE (try again). */
  send(message: Message): Promise<void>
  close(): void
}

/** The mail server of SMTP_URL, or null when none is configured. */
export function openMailer(config: Pick<Config, 'SMTP_URL' | 'MAIL_FROM'>): Mailer | null {
  return config.SMTP_URL ? mailerOf(config.SMTP_URL, config.MAIL_FROM) : null
}

/** Of a mail server, `smtp(s)://user:password@host:port`; with `address` that is connected to, and not what the host's name says. */
export function mailerOf(server: Secret, sender?: string, address?: string): Mailer {
  const url = new URL(server.reveal())
  const from = sender ?? `System Backup Trigger <backup-trigger@${url.hostname}>`
  const transport = createTransport({
    host: address ?? url.hostname,
    tls: address === undefined || isIP(url.hostname) !== 0 ? {} : { servername: url.hostname },
    port: Number(url.port) || (url.protocol === 'smtps:' ? 465 : 587),
    secure: url.protocol === 'smtps:',
    auth: url.username ? { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } : undefined,
    connectionTimeout: 15_000,
    greetingTimeout: 15_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    from,
    async send(message) {
      try {
        await transport.sendMail({ from, ...message, to: { name: '', address: message.to } })
      } catch (cause) {
        const { responseCode, message: reason } = cause as Error & { responseCode?: number }
        // RFC 5321 4.2.1: 5yz is for good, 4yz and no answer at all are not.
        if (responseCode !== undefined && responseCode >= 500)
          throw new CodedError('MAIL_REFUSED', { recipient: message.to, reason }, { cause })
        throw new CodedError('MAIL_UNREACHABLE', { reason }, { cause })
      }
    },
    close: () => transport.close(),
  }
}
