import { hookWaitsFor } from '#lib/backups/hook-waits.ts'
import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import { HookPhase } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { runState } from './enums.ts'
import { runError } from './run.ts'

const hookPhase = builder.enumType(HookPhase, { name: 'HookPhase' })

builder.prismaObject('BackupHook', {
  description: 'What the plan of a backup calls before or after it, as it was when the backup began.',
  fields: (t) => ({
    id: t.exposeID('id'),
    phase: t.expose('phase', { type: hookPhase }),
    title: t.string({
      description: '“the webhook to example.org”',
      select: { hook: true },
      resolve: ({ hook }) => hookTitle(hookInput.parse(hook)),
    }),
    state: t.expose('state', { type: runState }),
    waitsFor: t.string({
      nullable: true,
      description: 'While it is queued: “the end of the backup”.',
      select: { id: true },
      resolve: ({ id }, _args, { runtime }) => hookWaitsFor(runtime.prisma, id),
    }),
    attempt: t.exposeInt('attempt'),
    error: t.field({
      type: runError,
      nullable: true,
      description: 'Why the newest attempt that ended failed.',
      select: { errorCode: true, errorMessage: true, errorRemedy: true },
      resolve: ({ errorCode, errorMessage, errorRemedy }) =>
        errorCode === null ? null : { code: errorCode, message: errorMessage ?? '', remedy: errorRemedy ?? '' },
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
})
