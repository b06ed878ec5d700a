import { jwtVerify, SignJWT } from 'jose'
import { record } from '#lib/audit/record.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { Delivery, Notification } from '#prisma/client/client.ts'
import type { NotificationDeps } from './note.ts'

type LinkDeps = Pick<NotificationDeps, 'prisma' | 'clock' | 'secretKey'>

const PURPOSE = 'acknowledgement links'
const AUDIENCE = 'acknowledge'
const DAYS = 7

/**
 * Where whoever gets a message can say that they take care of it, without an account: a JWT (RFC 7519) signed HS256 that is good for
 * that alone, of one delivery, for a week.
 */
export async function acknowledgeLink(
  { clock, secretKey, publicUrl }: Pick<NotificationDeps, 'clock' | 'secretKey' | 'publicUrl'>,
  deliveryId: string,
): Promise<string> {
  const seconds = Math.floor(clock.now().getTime() / 1000)
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(deliveryId)
    .setAudience(AUDIENCE)
    .setExpirationTime(seconds + DAYS * 86_400)
    .sign(keyOf(secretKey))
  return `${publicUrl}/acknowledge?token=${token}`
}

/** The delivery that a link is of. Throws ACKNOWLEDGE_LINK_INVALID when it is forged, too old, or of one that is gone. */
export async function readAcknowledgeLink(
  { prisma, clock, secretKey }: LinkDeps,
  token: string,
): Promise<Delivery & { notification: Notification }> {
  const verified = await jwtVerify(token, keyOf(secretKey), {
    algorithms: ['HS256'],
    audience: AUDIENCE,
    currentDate: clock.now(),
  }).catch(() => null)
  const id = verified?.payload.sub
  const delivery = id && (await prisma.delivery.findUnique({ where: { id }, include: { notification: true } }))
  if (!delivery) throw new CodedError('ACKNOWLEDGE_LINK_INVALID', {})
  return delivery
}

/** As `acknowledge`, in the name of whom the message went to. Throws ACKNOWLEDGE_LINK_INVALID. */
export async function acknowledgeByLink(
  deps: LinkDeps,
  token: string,
  address: string | null,
): Promise<Delivery & { notification: Notification }> {
  const { recipient, notificationId } = await readAcknowledgeLink(deps, token)
  await deps.prisma.$transaction(async (tx) => {
    const { count } = await tx.notification.updateMany({
      where: { id: notificationId, acknowledgedAt: null },
      data: { acknowledgedAt: deps.clock.now(), acknowledgedBy: recipient },
    })
    if (count !== 1) return
    const actor = { userId: null, email: `${recipient} (by link)`, address }
    const target = { type: 'notification', id: notificationId }
    await record(tx, { actor, action: 'notification.acknowledge', target })
  })
  return readAcknowledgeLink(deps, token)
}

const keyOf = (secretKey: SecretKey) => secretKey.derive(PURPOSE)
