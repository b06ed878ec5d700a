import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { emailAddress } from '#lib/config/email.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'

const KEY = 'notification.recipients'
export const recipientsSchema = z.array(emailAddress).max(100)

/** The addresses that are told how backups end. None until an administrator sets some. */
export async function notificationRecipients(tx: Transaction): Promise<string[]> {
  const row = await tx.setting.findUnique({ where: { key: KEY } })
  return row === null ? [] : recipientsSchema.parse(row.value)
}

/** Replaces the recipients. Throws INPUT_INVALID naming each address that is not one. */
export async function setNotificationRecipients(
  prisma: Database,
  actor: Actor | null,
  raw: unknown,
): Promise<string[]> {
  requireScope(actor, 'settings:write', 'change who is notified')
  const parsed = recipientsSchema.safeParse(raw)
  if (!parsed.success)
    throw new CodedError('INPUT_INVALID', {
      issues: parsed.error.issues.map((issue) => ({
        path: ['recipients', ...issue.path].join('.'),
        problem: issue.message,
      })),
    })
  const recipients = [...new Set(parsed.data)]
  await prisma.$transaction(async (tx) => {
    await tx.setting.upsert({
      where: { key: KEY },
      create: { key: KEY, value: recipients },
      update: { value: recipients },
    })
    await record(tx, {
      actor,
      action: 'settings.change',
      target: { type: 'setting', id: KEY },
      details: { recipients },
    })
  })
  return recipients
}
