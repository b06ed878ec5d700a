import { restoreDocument } from '#lib/backups/restore-document.ts'
import { builder } from './builder.ts'

const document = builder.objectRef<{ filename: string; text: string }>('RestoreDocument').implement({
  fields: (t) => ({
    filename: t.exposeString('filename'),
    text: t.exposeString('text', {
      description: 'Markdown, whose sh blocks can be entered as they are. Addresses and paths, no passwords.',
    }),
  }),
})

builder.queryField('restoreDocument', (t) =>
  t.field({
    type: document,
    description: 'How everything that a backup saved is brought back without this program, in order.',
    errors: {},
    args: { backupId: t.arg.id({ required: true }) },
    resolve: (_root, { backupId }, { runtime, actor }) => restoreDocument(runtime, actor, backupId),
  }),
)
