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
  CHANNEL_KIND_UNKNOWN: entry<{ kind: string; known: string[] }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `There is no kind of channel “${d.kind}”.`,
    remedy: (d) => `Use one of ${d.known.join(', ')}.`,
  }),
  CHANNEL_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no channel ${d.id}.`,
    remedy: () => 'It may have been deleted. See the channels on the notifications page.',
  }),
  CHANNEL_REFUSED: entry<{ host: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.host} refused the message: ${d.reason}.`,
    remedy: () => 'Check the address, the token and the recipient in the settings of the channel, then send it again.',
  }),
  CHANNEL_UNREACHABLE: entry<{ host: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The message did not get through to ${d.host}: ${d.reason}.`,
    remedy: () => 'See that the service runs and that this machine reaches it. The message is tried again by itself.',
  }),
  NOTIFICATION_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no notification ${d.id}.`,
    remedy: () => 'See those that there are on the notifications page.',
  }),
  ACKNOWLEDGE_LINK_INVALID: entry<Record<never, never>>({
    kind: 'input',
    retry: 'never',
    message: () => 'This link is no link of this installation, or it is older than a week.',
    remedy: () => 'Sign in to the console: everything that people were told is on the notifications page.',
  }),
  DELIVERY_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no delivery ${d.id}.`,
    remedy: () => 'See those that there are on the notifications page.',
  }),
  DELIVERY_PENDING: entry<{ id: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The delivery ${d.id} is still on its way.`,
    remedy: () => 'Wait until it was sent or has failed; it is tried again by itself.',
  }),
}
