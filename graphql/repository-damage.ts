import type { Database } from '#lib/database/database.ts'
import type { TouchedSnapshot } from '#lib/maintenance/check-result.ts'
import { repositoryDamage } from '#lib/maintenance/damage.ts'
import type { Damage, RepairStep, StepKind } from '#lib/maintenance/repair-steps.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'
import { backupRun } from './run.ts'

const touchedSnapshot = builder.objectRef<TouchedSnapshot>('TouchedSnapshot').implement({
  description: 'A snapshot that refers to what is damaged.',
  fields: (t) => ({
    snapshotId: t.exposeString('snapshotId'),
    name: t.exposeString('name', {
      description: 'What people call it: the source with its part, else what was saved.',
    }),
    run: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      description: 'Null: it was not made by this installation.',
      resolve: (query, { runId }, _args, { runtime }) =>
        runId === null ? null : runtime.prisma.backupRun.findUnique({ ...query, where: { id: runId } }),
    }),
    source: t.prismaField({
      type: 'Source',
      nullable: true,
      resolve: (query, { sourceId }, _args, { runtime }) =>
        sourceId === null ? null : runtime.prisma.source.findUnique({ ...query, where: { id: sourceId } }),
    }),
  }),
})

const stepKind = builder.enumType('RepairStepKind', {
  values: {
    REPAIR_KEYS: {},
    REPAIR_INDEX: {},
    REPAIR_PACKS: {},
    REPAIR_SNAPSHOTS: {},
    BACKUP: { description: 'triggerBackup of the sources of the step.' },
    CHECK: {},
  } as const satisfies Record<StepKind, { description?: string }>,
})

const titles: Record<StepKind, string> = {
  REPAIR_KEYS: 'Replace damaged keys',
  REPAIR_INDEX: 'Repair the index',
  REPAIR_PACKS: 'Repair the damaged packs',
  REPAIR_SNAPSHOTS: 'Repair the snapshots',
  BACKUP: 'Save anew what was lost',
  CHECK: 'Check everything',
}

const repairStep = builder.objectRef<RepairStep & { isNext: boolean }>('RepairStep').implement({
  description: 'All but BACKUP are started by startRepositoryTask, with this kind and these options.',
  fields: (t) => ({
    kind: t.expose('kind', { type: stepKind }),
    title: t.string({ resolve: ({ kind }) => titles[kind] }),
    why: t.exposeString('why'),
    options: t.expose('options', { type: 'JSON' }),
    sources: t.prismaField({
      type: ['Source'],
      description: 'Of BACKUP: those that lack a fresh one.',
      resolve: (query, { sourceIds }, _args, { runtime }) =>
        sourceIds.length === 0 ? [] : runtime.prisma.source.findMany({ ...query, where: { id: { in: sourceIds } } }),
    }),
    isDone: t.exposeBoolean('isDone'),
    isNext: t.exposeBoolean('isNext', { description: 'The first that is not done; later ones may turn out needless.' }),
  }),
})

const repositoryDamageType = builder.objectRef<Damage>('RepositoryDamage').implement({
  description: 'What checks found to be damaged and no later one found mended.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime' }),
    problems: t.exposeStringList('problems', { description: 'In restic’s words.' }),
    packs: t.exposeStringList('packs', { description: 'Ids of packs that are broken or missing.' }),
    keys: t.exposeStringList('keys', { description: 'Ids of key files that cannot be read.' }),
    snapshots: t.expose('touched', {
      type: [touchedSnapshot],
      description:
        'What cannot be restored in full, or not before the repair. Of a broken pack, all that use any of it.',
    }),
    snapshotsInFull: t.exposeBoolean('touchedInFull', {
      description: 'False: there may be more, since looking for them took too long.',
    }),
    steps: t.field({
      type: [repairStep],
      description: 'The way out, in order.',
      resolve: ({ steps }) => {
        const next = steps.find(({ isDone }) => !isDone)
        return steps.map((step) => ({ ...step, isNext: step === next }))
      },
    }),
  }),
})

builder.prismaObjectField(repository, 'damage', (t) =>
  t.field({
    type: repositoryDamageType,
    nullable: true,
    description: 'Null: not known to be damaged.',
    select: { id: true },
    resolve: ({ id }, _args, { runtime }) => damageOfRepository(runtime.prisma, id),
  }),
)

builder.prismaObjectField(backupRun, 'isDamaged', (t) =>
  t.boolean({
    description:
      'Whether a check found damage that touches its snapshot, which was not repaired yet. Then it is not to be relied upon.',
    select: { repositoryId: true, snapshotId: true },
    resolve: async ({ repositoryId, snapshotId }, _args, { runtime }) =>
      snapshotId !== null &&
      ((await damageOfRepository(runtime.prisma, repositoryId))?.touched ?? []).some(
        (one) => one.snapshotId === snapshotId,
      ),
  }),
)

const reading = new Map<string, Promise<Damage | null>>()

/** Fields of one answer that ask for the same repository in the same moment share one reading. */
function damageOfRepository(prisma: Database, id: string): Promise<Damage | null> {
  const begun = reading.get(id) ?? repositoryDamage(prisma, id).finally(() => reading.delete(id))
  reading.set(id, begun)
  return begun
}
