import { type FoundLine, searchLog } from '#lib/backups/search-log.ts'
import { builder } from './builder.ts'
import { logLevel } from './enums.ts'
import { given } from './given.ts'

const foundLine = builder.objectRef<FoundLine>('FoundLogLine').implement({
  description: 'A line of the log of a backup.',
  fields: (t) => ({
    backupId: t.exposeID('backupId'),
    source: t.prismaField({
      type: 'Source',
      nullable: true,
      resolve: (query, { sourceId }, _args, { runtime }) =>
        sourceId === null ? null : runtime.prisma.source.findUnique({ ...query, where: { id: sourceId } }),
    }),
    seq: t.exposeInt('seq'),
    at: t.expose('at', { type: 'DateTime' }),
    level: t.expose('level', { type: logLevel }),
    message: t.exposeString('message'),
  }),
})

const logFilter = builder.inputType('LogFilter', {
  fields: (t) => ({
    text: t.string({ description: 'Words, “a phrase” in quotes, “or”, and “-not”.' }),
    level: t.field({ type: logLevel, description: 'The least.' }),
    sourceId: t.id(),
    from: t.field({ type: 'DateTime' }),
    to: t.field({ type: 'DateTime' }),
  }),
})

builder.queryField('logLines', (t) =>
  t.field({
    type: [foundLine],
    description: 'Lines of the logs of all backups, newest first, at most 200.',
    complexity: 50,
    args: { filter: t.arg({ type: logFilter }) },
    resolve: (_root, { filter }, { runtime }) => searchLog(runtime, given(filter ?? {})),
  }),
)
