import type { Changes } from '#lib/restores/restore-over.ts'
import { RestoreOverwrite } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'

export const restoreOverwrite = builder.enumType(RestoreOverwrite, {
  name: 'RestoreOverwrite',
  description:
    'What happens to files that are there. ALWAYS: those whose content differs are replaced. IF_CHANGED: those whose size or time of change differs. IF_NEWER: those that are older. NEVER: none.',
})

const restoreAction = builder.enumType('RestoreAction', { values: ['RESTORED', 'UPDATED'] as const })

const restoreChange = builder.objectRef<Changes['names'][number]>('RestoreChange').implement({
  fields: (t) => ({
    action: t.field({ type: restoreAction, resolve: ({ action }) => (action === 'restored' ? 'RESTORED' : 'UPDATED') }),
    path: t.exposeString('path'),
  }),
})

export const restoreChanges = builder.objectRef<Changes>('RestoreChanges').implement({
  description: 'What a restore did to files and symlinks, or to rows; of a dry run, what it would do.',
  fields: (t) => ({
    restored: t.exposeInt('restored', { description: 'Were not there; symlinks are always made anew.' }),
    updated: t.exposeInt('updated', { description: 'Were there, and differed.' }),
    unchanged: t.exposeInt('unchanged', { description: 'Stay as they are.' }),
    bytes: t.field({
      type: 'BigInt',
      description: 'Of the restored and the updated ones.',
      resolve: ({ bytes }) => BigInt(bytes),
    }),
    names: t.field({
      type: [restoreChange],
      description: 'The first thousand of the restored and the updated ones.',
      resolve: ({ names }) => names,
    }),
  }),
})
