import type { CodedError } from '#lib/errors/coded-error.ts'
import type { Delivery, Notification } from '#prisma/client/client.ts'
import { type NotificationDeps, note } from './note.ts'
import { tell } from './told.ts'

/** Tells through every other way, once a day, that one of them does not work. */
export async function noteFailing(
  deps: NotificationDeps,
  { channelId, channel, recipient, notification }: Delivery & { notification: Notification },
  error: CodedError,
): Promise<void> {
  if (notification.event === 'CHANNEL_FAILING' || notification.event === 'TEST') return
  const day = deps.clock.now().toISOString().slice(0, 10)
  await note(deps, {
    key: `failing ${channelId ?? channel} ${day}`,
    event: 'CHANNEL_FAILING',
    told: tell({
      title: `Notifications through ${channel} to ${recipient} do not get through`,
      tone: 'bad',
      facts: [['Not delivered', notification.subject]],
      problem: { code: error.code, message: error.message, remedy: error.remedy },
      link: `${deps.publicUrl}/notifications`,
      linkText: 'Open the notifications in the console',
    }),
    except: (other) => other.id === channelId,
  })
}
