/**
 * `node told-error.fixture.ts <address>` notes an error of which a person was told by mail, and prints the link of the message that
 * they got, below the address; without one all of that is removed again.
 */
import { systemClock } from '#lib/clock/now.ts'
import { readConfig } from '#lib/config/config.ts'
import { readSecretKey } from '#lib/config/secret-key.ts'
import { openDatabase } from '#lib/database/database.ts'
import { acknowledgeLink } from '#lib/notifications/acknowledge-link.ts'
import { tell } from '#lib/notifications/told.ts'

const [publicUrl] = process.argv.slice(2)
const config = readConfig()
const opened = await openDatabase(config, 'optional')
const { prisma } = opened
const key = 'told-error'
if (publicUrl === undefined) await prisma.notification.deleteMany({ where: { key } })
else {
  const content = tell({ title: 'The backup of shop failed', tone: 'bad', facts: [], link: '', linkText: '' })
  const { deliveries } = await prisma.notification.create({
    data: {
      ...{ key, event: 'BACKUP_FAILED', severity: 'ERROR', subject: content.title, content },
      deliveries: { create: { channel: 'email', recipient: 'ops@example.org', state: 'SENT' } },
    },
    include: { deliveries: true },
  })
  const secretKey = await readSecretKey(config)
  console.log(await acknowledgeLink({ clock: systemClock, secretKey, publicUrl }, deliveries[0]?.id as string))
}
await opened.close()
