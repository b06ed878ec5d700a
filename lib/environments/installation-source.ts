import { type AuditEntry, record } from '#lib/audit/record.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'

const NAME = 'system-backup-trigger'

/**
 * Sees to it that the installation itself is a source, of the first of these environments (none: of all), and never twice. One
 * that somebody added elsewhere, or disabled, stays as it is.
 */
export async function ensureInstallationSource(
  tx: Transaction,
  actor: AuditEntry['actor'],
  environments: readonly string[],
): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger installation source'))`
  if ((await findInstallationSource(tx)) !== null) return
  const environment = await tx.environment.findFirst({
    where: environments.length > 0 ? { name: { in: [...environments] } } : {},
    orderBy: { position: 'asc' },
    include: { sources: { where: { deletedAt: null }, select: { name: true } } },
  })
  if (environment === null) return
  const taken = new Set(environment.sources.map(({ name }) => name))
  let name = NAME
  for (let n = 2; taken.has(name); n++) name = `${NAME}-${n}`
  const data = { environmentId: environment.id, name, type: 'DATABASE', kind: 'installation', settings: {} } as const
  const { id } = await tx.source.create({ data })
  const details = { kind: data.kind, tested: false, repositoryId: null }
  await record(tx, { actor, action: 'source.create', target: { type: 'source', id }, details })
}

/**
 * The name of the source that is this installation, with its environment's: “production/system-backup-trigger”. Those that
 * were adopted from a repository are of installations that were lost.
 */
export async function findInstallationSource(tx: Transaction): Promise<string | null> {
  const source = await tx.source.findFirst({
    where: { kind: 'installation', deletedAt: null, settingsMissing: false },
    include: { environment: { select: { name: true } } },
  })
  return source === null ? null : `${source.environment.name}/${source.name}`
}

/** Throws INSTALLATION_SOURCE_EXISTS. */
export async function requireNoInstallationSource(tx: Transaction): Promise<void> {
  const source = await findInstallationSource(tx)
  if (source !== null) throw new CodedError('INSTALLATION_SOURCE_EXISTS', { source })
}
