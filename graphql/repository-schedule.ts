import { newestTasks, nextUpkeep } from '#lib/maintenance/schedule.ts'
import { taskKinds } from '#lib/repositories/task-kinds.ts'
import type { TaskKind } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'
import { taskKind } from './repository-task.ts'

const due = builder.objectRef<{ kind: TaskKind; at: Date }>('DueUpkeep').implement({
  fields: (t) => ({
    kind: t.expose('kind', { type: taskKind }),
    title: t.string({ resolve: ({ kind }) => taskKinds[kind].title }),
    at: t.expose('at', { type: 'DateTime', description: 'Past: it is queued within a minute.' }),
  }),
})

builder.prismaObjectField(repository, 'nextUpkeep', (t) =>
  t.field({
    type: [due],
    description:
      'What is done by itself next, and when it is queued; prunes and checks then wait for the window. Without what is queued or running, or switched off; empty while the repository does not answer.',
    select: { id: true, name: true, options: true, initialisedAt: true, unreachableSince: true },
    resolve: async (row, _args, { runtime }) =>
      [...nextUpkeep(row, await newestTasks(runtime.prisma, row.id))].map(([kind, at]) => ({ kind, at })),
  }),
)
