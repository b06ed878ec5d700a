import { type KnownLock, type LockHolder, repositoryLocks } from '#lib/repositories/locks.ts'
import { removeRepositoryLocks } from '#lib/repositories/remove-locks.ts'
import type { Repository } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { repository } from './repository.ts'

const lockHolder = builder.enumType('RepositoryLockHolder', {
  values: {
    OURS_ALIVE: { value: 'OURS_ALIVE', description: 'A restic of this program that is at work.' },
    OURS_DEAD: { value: 'OURS_DEAD', description: 'One that has died; removed by itself within a minute.' },
    FOREIGN: { value: 'FOREIGN', description: 'Another program; nobody but an administrator removes it.' },
  } as const satisfies Record<LockHolder, { value: LockHolder; description: string }>,
})

const repositoryLock = builder.objectRef<KnownLock>('RepositoryLock').implement({
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A living restic renews its lock every 5 minutes, under a new id.' }),
    host: t.exposeString('host'),
    pid: t.exposeInt('pid'),
    user: t.exposeString('user'),
    time: t.expose('time', { type: 'DateTime', description: 'When it was made or last renewed.' }),
    ageSeconds: t.int({ resolve: ({ ageMs }) => Math.round(ageMs / 1000) }),
    exclusive: t.exposeBoolean('exclusive', {
      description: 'Held by what needs the repository for itself; backups wait for it. Others exclude only those.',
    }),
    holder: t.expose('holder', { type: lockHolder }),
    run: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      description: 'The run whose restic holds or held it, where that is known.',
      resolve: (query, { runId }, _args, { runtime }) =>
        runId === null ? null : runtime.prisma.backupRun.findUnique({ ...query, where: { id: runId } }),
    }),
    task: t.prismaField({
      type: 'RepositoryTask',
      nullable: true,
      description: 'The task whose restic holds or held it, where that is known.',
      resolve: (query, { taskId }, _args, { runtime }) =>
        taskId === null ? null : runtime.prisma.repositoryTask.findUnique({ ...query, where: { id: taskId } }),
    }),
  }),
})

const repositoryLocksSuccess = builder
  .objectRef<{ locks: KnownLock[] }>('RepositoryLocksSuccess')
  .implement({ fields: (t) => ({ locks: t.expose('locks', { type: [repositoryLock] }) }) })

builder.prismaObjectField(repository, 'locks', (t) =>
  t.field({
    type: repositoryLocksSuccess,
    description: 'As they are now, looked at within ten seconds; ask for them of one repository at a time.',
    errors: {},
    resolve: async ({ id }, _args, { runtime, signal }) => ({
      locks: await repositoryLocks(
        runtime,
        await runtime.prisma.repository.findUniqueOrThrow({ where: { id } }),
        signal,
      ),
    }),
  }),
)

const removeRepositoryLocksInput = builder.inputType('RemoveRepositoryLocksInput', {
  fields: (t) => ({
    repositoryId: t.id({ required: true }),
    remove: t.idList({ required: true, description: 'Which to remove.' }),
    seen: t.idList({
      required: true,
      description: 'All that were shown when this was confirmed. If there is another one by now, nothing is removed.',
    }),
  }),
})

const removeRepositoryLocksSuccess = builder
  .objectRef<{ repository: Repository; removed: KnownLock[] }>('RemoveRepositoryLocksSuccess')
  .implement({
    fields: (t) => ({
      repository: t.expose('repository', { type: repository }),
      removed: t.expose('removed', { type: [repositoryLock] }),
    }),
  })

builder.mutationField('removeRepositoryLocks', (t) =>
  t.field({
    type: removeRepositoryLocksSuccess,
    description:
      'Removes locks of programs that are known to be dead: whoever still works under one may lose data. Never those of living processes of this program.',
    errors: {},
    args: { input: t.arg({ type: removeRepositoryLocksInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor }) => removeRepositoryLocks(runtime, actor, given(input)),
  }),
)
