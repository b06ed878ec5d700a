import type { Transaction } from '#lib/database/database.ts'

export interface AuditEntry {
  actor: { userId: string | null; email: string; address: string | null }
  action:
    | 'backup.trigger'
    | 'backup.cancel'
    | 'restore.trigger'
    | 'restore.cancel'
    | 'restore.approve'
    | 'verification.trigger'
    | 'verification.cancel'
    | 'snapshot.browse'
    | 'snapshot.find'
    | 'snapshot.download'
    | 'sign-in'
    | 'sign-in.failed'
    | 'token.create'
    | 'token.revoke'
    | 'settings.change'
    | 'configuration.apply'
    | 'user.create'
    | 'environment.create'
    | 'environment.update'
    | 'environment.delete'
    | 'run.pin'
    | 'run.unpin'
    | 'retention.release'
    | 'plan.create'
    | 'plan.update'
    | 'plan.delete'
    | 'plan.pause'
    | 'plan.resume'
    | 'source.create'
    | 'source.update'
    | 'source.enable'
    | 'source.disable'
    | 'source.delete'
    | 'source.test'
    | 'source.discover'
    | 'source.preview'
    | 'user-data.export'
    | 'repository.create'
    | 'repository.update'
    | 'repository.default'
    | 'repository.remove'
    | 'repository.kit'
    | 'repository.password'
    | 'repository.adopt'
    | 'repository.locks-remove'
    | 'repository.copy-target'
    | 'repository.copy-missing'
    | 'repository.task'
    | 'repository.task-cancel'
    | 'channel.create'
    | 'channel.update'
    | 'channel.delete'
    | 'channel.test'
    | 'notification.acknowledge'
    | 'delivery.resend'
    | 'log-rule.create'
    | 'log-rule.delete'
  target?: { type: string; id: string }
  details?: Record<string, string | number | boolean | null | string[]>
}

/** Writes who did what, in the same transaction as the deed. */
export async function record(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx.auditEvent.create({
    data: {
      actorId: entry.actor.userId,
      actor: entry.actor.email,
      address: entry.actor.address,
      action: entry.action,
      targetType: entry.target?.type ?? null,
      targetId: entry.target?.id ?? null,
      details: entry.details ?? {},
    },
  })
}
