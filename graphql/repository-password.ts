import { changePassword } from '#lib/maintenance/change-password.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { repository } from './repository.ts'
import { repositoryTask } from './repository-task.ts'

builder.prismaObjectFields(repository, (t) => ({
  passwordChangePending: t.boolean({
    description: 'Whether a change of the password was begun and has not come to its end.',
    select: { sealedNextPassword: true },
    resolve: ({ sealedNextPassword }) => sealedNextPassword !== null,
  }),
  hasSpareKey: t.boolean({
    description:
      'Whether there is a second key with the same password. Without it, one damaged key file needs the recovery kit.',
    select: { spareKeyId: true },
    resolve: ({ spareKeyId }) => spareKeyId !== null,
  }),
  earlierKeysLeft: t.int({
    description:
      'How many keys of earlier passwords could not be removed yet: these passwords still open the repository.',
    select: { retiredKeyIds: true },
    resolve: ({ retiredKeyIds }) => retiredKeyIds.length,
  }),
}))

const changeRepositoryPasswordSuccess = builder
  .objectRef<{ task: RepositoryTask }>('ChangeRepositoryPasswordSuccess')
  .implement({ fields: (t) => ({ task: t.expose('task', { type: repositoryTask }) }) })

builder.mutationField('changeRepositoryPassword', (t) =>
  t.field({
    type: changeRepositoryPasswordSuccess,
    description:
      'A task of kind PASSWORD; its result is {removed, kept, others, warning}. Afterwards a new recovery kit is needed.',
    errors: {},
    args: {
      id: t.arg.id({ required: true }),
      password: t.arg.string({ description: 'Left out, which is best: a random one.' }),
    },
    resolve: async (_root, args, { runtime, actor }) => ({ task: await changePassword(runtime, actor, given(args)) }),
  }),
)
