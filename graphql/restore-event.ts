import type { RestoreEvent } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { eventKind, logLevel, runState } from './enums.ts'
import { restore } from './restore.ts'
import { verification } from './verification.ts'

const PAGE_LIMIT = 1000

const restoreEvent = builder.objectRef<RestoreEvent>('RestoreEvent').implement({
  description: 'One step of a restore or a verification. Numbers count from 1 without gaps.',
  fields: (t) => ({
    seq: t.exposeInt('seq'),
    at: t.expose('at', { type: 'DateTime' }),
    kind: t.expose('kind', { type: eventKind }),
    state: t.expose('state', { type: runState, nullable: true }),
    level: t.expose('level', { type: logLevel, nullable: true }),
    message: t.exposeString('message', { nullable: true }),
  }),
})

for (const one of [restore, verification])
  builder.prismaObjectField(one, 'events', (t) =>
    t.field({
      type: [restoreEvent],
      description: `Its states and its log, oldest first: the first after a number, or the last. At most ${PAGE_LIMIT}.`,
      args: { after: t.arg.int({ defaultValue: 0 }), first: t.arg.int({ defaultValue: 100 }), last: t.arg.int() },
      select: { id: true },
      resolve: async ({ id }, { after, first, last }, { runtime }) => {
        const take = (count: number | null | undefined) => Math.min(Math.max(count ?? 100, 0), PAGE_LIMIT)
        const where = { restoreId: id, seq: { gt: after ?? 0 } }
        if (last == null)
          return runtime.prisma.restoreEvent.findMany({ where, orderBy: { seq: 'asc' }, take: take(first) })
        const newest = await runtime.prisma.restoreEvent.findMany({ where, orderBy: { seq: 'desc' }, take: take(last) })
        return newest.reverse()
      },
    }),
  )
