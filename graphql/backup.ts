import { z } from 'zod'
import type { LeftOut } from '#lib/backups/admission.ts'
import { cancelBackup } from '#lib/backups/cancel.ts'
import { follow } from '#lib/backups/follow.ts'
import { historyWhere } from '#lib/backups/history.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import type { UsedOption } from '#lib/backups/used-options.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Backup, Prisma } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { backupOrigin, backupType, logLevel, runState } from './enums.ts'
import { backupEvent } from './event.ts'
import { given } from './given.ts'

const PAGE_DEFAULT = 25
const PAGE_LIMIT = 100
const pageSize = (asked: number | null | undefined) => Math.min(Math.max(asked ?? PAGE_DEFAULT, 1), PAGE_LIMIT)
const logLines = (last: number | null | undefined) => Math.min(Math.max(last ?? 500, 1), 5000)

const leftOutReason = builder.enumType('LeftOutReason', {
  values: {
    DISABLED: { description: 'It is disabled.' },
    OTHER_TYPE: { description: 'The backup is of another type.' },
    IN_ANOTHER_BACKUP: { description: 'The installation itself, which another backup saves already.' },
    OTHER_DATABASE_OR_FOLDER: { description: 'The backup was narrowed to a database or a folder of another source.' },
  } as const satisfies Record<LeftOut['reason'], object>,
})

const usedOptionOrigin = builder.enumType('UsedOptionOrigin', {
  values: {
    TRIGGER: { description: 'The trigger said so.' },
    PLAN: { description: 'Its plan said so.' },
    SETTINGS: { description: 'The settings page.' },
    ENVIRONMENT: { description: 'The environment variable.' },
    DEFAULT: { description: 'Nobody.' },
  },
})

const usedOption = builder.objectRef<UsedOption>('UsedOption').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.exposeString('value', { description: 'As the environment variable would have it.' }),
    origin: t.expose('origin', { type: usedOptionOrigin }),
  }),
})

const leftOutSource = builder.objectRef<LeftOut>('LeftOutSource').implement({
  fields: (t) => ({
    sourceId: t.exposeID('sourceId'),
    name: t.exposeString('name'),
    environment: t.exposeString('environment'),
    reason: t.expose('reason', { type: leftOutReason }),
  }),
})

builder.prismaObject('Backup', {
  fields: (t) => ({
    id: t.exposeID('id'),
    type: t.expose('type', { type: backupType }),
    state: t.expose('state', { type: runState }),
    origin: t.expose('origin', { type: backupOrigin, description: 'The door it came through.' }),
    description: t.exposeString('description'),
    environments: t.exposeStringList('environments'),
    leftOut: t.field({
      type: [leftOutSource],
      description: 'Sources of its environments that are not part of it. Empty when it named its sources.',
      select: { leftOut: true },
      resolve: (backup) => backup.leftOut as unknown as LeftOut[],
    }),
    compressionLevel: t.exposeInt('compressionLevel', {
      description: 'As asked for, else the program’s own. A repository may have its own: a run’s is what counts.',
    }),
    options: t.field({
      type: [usedOption],
      description: 'The options that it goes by, as they were when it was triggered, and who said so.',
      select: { options: true },
      resolve: (backup) => backup.options as unknown as UsedOption[],
    }),
    requestedBy: t.string({
      nullable: true,
      select: { requestedBy: { select: { email: true } } },
      resolve: (backup) => backup.requestedBy?.email,
    }),
    plan: t.relation('plan', { nullable: true, description: 'Whose it is. Null: nobody’s, or it was deleted.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    lastSeq: t.exposeInt('lastSeq'),
    runs: t.relation('runs', {
      description: 'In the order in which they are saved, see docs/plans.md.',
      query: {
        orderBy: [{ stage: 'asc' }, { source: { type: 'asc' } }, { source: { name: 'asc' } }, { attempt: 'asc' }],
      },
    }),
    hooks: t.relation('hooks', {
      description: 'What its plan calls before and after it, in order.',
      query: { orderBy: [{ phase: 'asc' }, { position: 'asc' }] },
    }),
    notifications: t.relation('notifications', { query: { orderBy: { createdAt: 'asc' } } }),
    log: t.field({
      type: [backupEvent],
      description: 'The newest log lines and changes of state, oldest first.',
      args: { last: t.arg.int({ defaultValue: 500 }) },
      complexity: ({ last }) => ({ field: Math.ceil(logLines(last) / 10), multiplier: 1 }),
      resolve: async (backup, { last }, { runtime }) => {
        const lines = await runtime.prisma.backupEvent.findMany({
          where: { backupId: backup.id, kind: { not: 'PROGRESS' } },
          orderBy: { seq: 'desc' },
          take: logLines(last),
        })
        return lines.reverse()
      },
    }),
  }),
})

const backupFilter = builder.inputType('BackupFilter', {
  fields: (t) => ({
    environment: t.string(),
    type: t.field({ type: backupType }),
    state: t.field({ type: runState }),
    sourceId: t.id(),
    from: t.field({ type: 'DateTime' }),
    to: t.field({ type: 'DateTime' }),
    text: t.string({ description: 'Part of the description, a source’s name or the trigger’s email address.' }),
  }),
})

builder.queryFields((t) => ({
  backup: t.prismaField({
    type: 'Backup',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      z.uuid().safeParse(id).success ? runtime.prisma.backup.findUnique({ ...query, where: { id } }) : null,
  }),
  backups: t.prismaConnection({
    type: 'Backup',
    cursor: 'id',
    defaultSize: PAGE_DEFAULT,
    maxSize: PAGE_LIMIT,
    // The list of edges counts ten times by itself.
    complexity: ({ first, last }) => ({ field: 1, multiplier: pageSize(first ?? last) / 10 }),
    args: { filter: t.arg({ type: backupFilter }) },
    // Counting on would cost more than the page itself, and nobody pages so far.
    totalCount: (_root, { filter }, { runtime }) =>
      runtime.prisma.backup.count({ where: historyWhere(filter ?? {}), orderBy: newestFirst, take: MOST_COUNTED + 1 }),
    resolve: async (query, _root, { filter }, { runtime }) =>
      runtime.prisma.backup.findMany({
        ...query,
        where: { AND: [historyWhere(filter ?? {}), await fromCursor(runtime.prisma, query)] },
        orderBy: newestFirst,
      }),
  }),
}))

const newestFirst = [{ createdAt: 'desc' }, { id: 'desc' }] satisfies Prisma.BackupOrderByWithRelationInput[]

/** Of a longer history the connection counts one more than that. */
const MOST_COUNTED = 10_000

/**
 * Where the page begins, in words that an index can start from: the database reads Prisma's own condition for a cursor from the newest
 * backup on.
 */
async function fromCursor(
  prisma: Database,
  { cursor, take }: { cursor?: Prisma.BackupWhereUniqueInput; take?: number },
): Promise<Prisma.BackupWhereInput> {
  const at = cursor && (await prisma.backup.findUnique({ where: cursor, select: { createdAt: true } }))
  if (!at) return {}
  return { createdAt: (take ?? 0) < 0 ? { gte: at.createdAt } : { lte: at.createdAt } }
}

const triggerBackupInput = builder.inputType('TriggerBackupInput', {
  fields: (t) => ({
    type: t.field({ type: backupType, required: true }),
    environments: t.stringList({ description: 'Names. Left out: all.' }),
    sourceIds: t.idList({ description: 'Left out: every enabled source of the type.' }),
    description: t.string(),
    databaseName: t.string({ description: 'With type DATABASE only.' }),
    storagePath: t.string({ description: 'With type STORAGE only: a folder under a registered storage source.' }),
    compressionLevel: t.int({ description: '1 (least) to 9. Left out: the repository’s own, else the program’s.' }),
    notificationEnabled: t.boolean({
      description: 'Whether people are told how it ended. Left out: as the options say.',
    }),
    logVerbosity: t.field({
      type: logLevel,
      description: 'From which level on its runs’ logs are kept. Left out: all.',
    }),
    retentionDays: t.int({ description: 'For how many days its snapshots are kept. Left out: as the options say.' }),
    idempotencyKey: t.string({ description: 'The same key answers the same backup, however often it is sent.' }),
  }),
})

const holder = (name: string) =>
  builder.objectRef<{ backup: Backup }>(name).implement({
    fields: (t) => ({
      backup: t.prismaField({
        type: 'Backup',
        resolve: (query, { backup }, _args, { runtime }) =>
          runtime.prisma.backup.findUniqueOrThrow({ ...query, where: { id: backup.id } }),
      }),
    }),
  })
const triggerBackupSuccess = holder('TriggerBackupSuccess')
const cancelBackupSuccess = holder('CancelBackupSuccess')

builder.mutationFields((t) => ({
  triggerBackup: t.field({
    type: triggerBackupSuccess,
    errors: {},
    args: { input: t.arg({ type: triggerBackupInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor, origin }) => ({
      backup: await triggerBackup(runtime, actor, origin, given(input)),
    }),
  }),
  cancelBackup: t.field({
    type: cancelBackupSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => {
      if (!z.uuid().safeParse(id).success) throw new CodedError('BACKUP_UNKNOWN', { id })
      return { backup: await cancelBackup(runtime, actor, id) }
    },
  }),
}))

builder.subscriptionField('backupStatus', (t) =>
  t.field({
    type: backupEvent,
    description:
      'The events of a backup after number `after`, then those to come; completes when the backup has ended.',
    args: { backupId: t.arg.id({ required: true }), after: t.arg.int({ defaultValue: 0 }) },
    subscribe: (_root, { backupId, after }, { runtime }) => {
      if (!z.uuid().safeParse(backupId).success) throw new CodedError('BACKUP_UNKNOWN', { id: backupId })
      return follow(runtime, backupId, after ?? 0)
    },
    resolve: (event) => event,
  }),
)
