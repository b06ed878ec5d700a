import type { Progress } from '#lib/backups/append-events.ts'
import type { BackupEvent } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { eventKind, logLevel, runState } from './enums.ts'

type Figures = { [K in keyof Progress]: number | bigint | null }

export const progress = builder.objectRef<Figures>('Progress').implement({
  fields: (t) => ({
    bytesDone: t.expose('bytesDone', { type: 'BigInt', nullable: true }),
    bytesTotal: t.expose('bytesTotal', {
      type: 'BigInt',
      nullable: true,
      description: 'Null when it cannot be known, as for a stream.',
    }),
    filesDone: t.expose('filesDone', { type: 'BigInt', nullable: true }),
    filesTotal: t.expose('filesTotal', { type: 'BigInt', nullable: true }),
    bytesPerSecond: t.float({ nullable: true, resolve: (p) => number(p.bytesPerSecond) }),
    secondsLeft: t.float({ nullable: true, resolve: (p) => number(p.secondsLeft) }),
  }),
})

const number = (value: number | bigint | null) => (value === null ? null : Number(value))

export const backupEvent = builder.objectRef<BackupEvent>('BackupEvent').implement({
  description: 'One step of a backup. Numbers count from 1 without gaps within a backup.',
  fields: (t) => ({
    seq: t.exposeInt('seq'),
    at: t.expose('at', { type: 'DateTime' }),
    kind: t.expose('kind', { type: eventKind }),
    runId: t.exposeID('runId', { nullable: true, description: 'Null when it is about the backup as a whole.' }),
    state: t.expose('state', { type: runState, nullable: true }),
    progress: t.field({ type: progress, nullable: true, resolve: (event) => event.progress as Figures | null }),
    level: t.expose('level', { type: logLevel, nullable: true }),
    message: t.exposeString('message', { nullable: true }),
  }),
})
