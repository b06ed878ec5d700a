import { entry } from './entry.ts'

/** Being told. */
export const mail = {
  MAIL_NOT_CONFIGURED: entry({
    kind: 'conflict',
    retry: 'never',
    message: () => 'No mail server is configured, so nothing was sent.',
    remedy: () =>
      'Set SMTP_URL and MAIL_FROM, for example SMTP_URL=smtps://user:password@mail.example.org, and start again.',
  }),
  MAIL_NO_RECIPIENTS: entry({
    kind: 'conflict',
    retry: 'never',
    message: () => 'Nobody is set to receive mail, so nothing was sent.',
    remedy: () => 'Add recipients on the notifications page.',
  }),
  MAIL_REFUSED: entry<{ recipient: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The mail server refused the message to ${d.recipient}: ${d.reason}.`,
    remedy: () => 'Check the recipient’s address, MAIL_FROM, and the sign-in in SMTP_URL.',
  }),
  MAIL_UNREACHABLE: entry<{ reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The mail server cannot be reached: ${d.reason}.`,
    remedy: () => 'Check host, port and TLS in SMTP_URL. The message is tried again by itself.',
  }),
}
