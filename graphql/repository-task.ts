import { cancelTask, startTask } from '#lib/maintenance/tasks.ts'
import { taskKinds } from '#lib/repositories/task-kinds.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import { TaskKind } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { runState } from './enums.ts'
import { given } from './given.ts'
import { repository } from './repository.ts'
import { runError } from './run.ts'
import { waitsFor } from './waits-for.ts'

export const taskKind = builder.enumType(TaskKind, { name: 'TaskKind' })

export const repositoryTask = builder.prismaObject('RepositoryTask', {
  description: 'One thing to do, or done, with a repository.',
  fields: (t) => ({
    id: t.exposeID('id'),
    kind: t.expose('kind', { type: taskKind }),
    title: t.string({ select: { kind: true }, resolve: ({ kind }) => taskKinds[kind].title }),
    state: t.expose('state', { type: runState }),
    attempt: t.exposeInt('attempt'),
    repository: t.relation('repository'),
    options: t.expose('options', { type: 'JSON' }),
    result: t.expose('result', {
      type: 'JSON',
      nullable: true,
      description: 'In the shape of its kind; of one that succeeded.',
    }),
    output: t.exposeString('output', { description: 'The last lines that restic printed.' }),
    requestedBy: t.exposeString('requestedBy', { nullable: true, description: 'Null: the schedule.' }),
    waitsFor: t.string({
      nullable: true,
      description: 'While it is queued: “a backup into production-s3”.',
      select: { id: true, state: true },
      resolve: (task, _args, { runtime }) => waitsFor(runtime, task),
    }),
    error: t.field({
      type: runError,
      nullable: true,
      description: 'Of the newest attempt.',
      select: { errorCode: true, errorMessage: true, errorRemedy: true },
      resolve: (task) =>
        task.errorCode === null
          ? null
          : { code: task.errorCode, message: task.errorMessage ?? '', remedy: task.errorRemedy ?? '' },
    }),
    queuedAt: t.expose('queuedAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
})

builder.prismaObjectField(repository, 'tasks', (t) =>
  t.relation('tasks', {
    description: 'Newest first.',
    args: { first: t.arg.int({ defaultValue: 20 }), kinds: t.arg({ type: [taskKind] }) },
    query: ({ first, kinds }) => ({
      take: Math.min(Math.max(first ?? 20, 0), 100),
      where: kinds?.length ? { kind: { in: kinds } } : {},
      orderBy: [{ queuedAt: 'desc' }, { id: 'desc' }],
    }),
  }),
)

const startRepositoryTaskInput = builder.inputType('StartRepositoryTaskInput', {
  fields: (t) => ({
    repositoryId: t.id({ required: true }),
    kind: t.field({ type: taskKind, required: true }),
    options: t.field({ type: 'JSON', description: 'What the kind lets one choose.' }),
  }),
})

const holder = (name: string) =>
  builder
    .objectRef<{ task: RepositoryTask }>(name)
    .implement({ fields: (t) => ({ task: t.expose('task', { type: repositoryTask }) }) })
const startRepositoryTaskSuccess = holder('StartRepositoryTaskSuccess')
const cancelRepositoryTaskSuccess = holder('CancelRepositoryTaskSuccess')

builder.mutationFields((t) => ({
  startRepositoryTask: t.field({
    type: startRepositoryTaskSuccess,
    description: 'Asks for something to be done with a repository, as soon as it is its turn.',
    errors: {},
    args: { input: t.arg({ type: startRepositoryTaskInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({ task: await startTask(runtime, actor, given(input)) }),
  }),
  cancelRepositoryTask: t.field({
    type: cancelRepositoryTaskSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ task: await cancelTask(runtime, actor, id) }),
  }),
}))
