import type { Finding } from '#lib/log-analysis/analyze.ts'
import { type ChangesSinceGood, changesSinceGood, type RunChange } from '#lib/log-analysis/changes.ts'
import { findingsOf } from '#lib/log-analysis/findings.ts'
import { databaseOfPart, partName } from '#lib/sources/driver.ts'
import { builder } from './builder.ts'
import { runState, severity } from './enums.ts'
import { progress } from './event.ts'
import { waitsFor } from './waits-for.ts'

const runChange = builder.objectRef<RunChange>('RunChange').implement({
  fields: (t) => ({
    what: t.exposeString('what'),
    before: t.exposeString('before', { nullable: true }),
    now: t.exposeString('now', { nullable: true }),
    at: t.expose('at', { type: 'DateTime', nullable: true, description: 'Of what somebody changed.' }),
    by: t.exposeString('by', { nullable: true }),
  }),
})

const changesType = builder.objectRef<ChangesSinceGood>('ChangesSinceGood').implement({
  description:
    'What changed between the last good run of the same part of a source and the first one after it that failed.',
  fields: (t) => ({
    goodBackupId: t.id({ resolve: ({ good }) => good.backupId }),
    goodAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ good }) => good.finishedAt }),
    firstFailureBackupId: t.id({ resolve: ({ firstFailure }) => firstFailure.backupId }),
    firstFailureAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: ({ firstFailure }) => firstFailure.finishedAt,
    }),
    changes: t.expose('changes', { type: [runChange] }),
  }),
})

export const runError = builder.objectRef<{ code: string; message: string; remedy: string }>('RunError').implement({
  fields: (t) => ({
    code: t.exposeString('code'),
    message: t.exposeString('message'),
    remedy: t.exposeString('remedy'),
  }),
})

const finding = builder.objectRef<Finding>('LogFinding').implement({
  description: 'A known problem that the log of a run shows.',
  fields: (t) => ({
    rule: t.exposeString('rule'),
    severity: t.expose('severity', { type: severity }),
    cause: t.exposeString('cause'),
    remedy: t.exposeString('remedy'),
    link: t.exposeString('link', { nullable: true, description: 'Of the tool’s own documentation.' }),
    evidence: t.exposeStringList('evidence', { description: 'The first lines that show it, as the tool wrote them.' }),
    count: t.exposeInt('count', { description: 'How many lines show it.' }),
    isNews: t.exposeBoolean('isNews', {
      description: 'Whether it says more than the error of the run, which names its own cause and remedy.',
    }),
  }),
})

export const backupRun = builder.prismaObject('BackupRun', {
  fields: (t) => ({
    id: t.exposeID('id'),
    state: t.expose('state', { type: runState }),
    attempt: t.exposeInt('attempt'),
    waitsFor: t.string({
      nullable: true,
      description: 'While it is queued: “prune of production-s3”.',
      select: { id: true, state: true },
      resolve: (run, _args, { runtime }) => waitsFor(runtime, run),
    }),
    source: t.relation('source'),
    repository: t.relation('repository'),
    backup: t.relation('backup'),
    part: t.string({
      nullable: true,
      description: 'What it is about when its source has several parts: “database:shop”, “globals”. Null: all of it.',
      select: { part: true },
      resolve: ({ part }) => part || null,
    }),
    partName: t.string({
      nullable: true,
      description: 'What people call its part: “shop”, “globals”. Null: all of it.',
      select: { part: true },
      resolve: ({ part }) => partName(part),
    }),
    databaseName: t.string({
      nullable: true,
      description: 'The database, when its part is one.',
      select: { part: true },
      resolve: ({ part }) => databaseOfPart(part),
    }),
    storagePath: t.exposeString('storagePath', { nullable: true }),
    compressionLevel: t.exposeInt('compressionLevel'),
    snapshotId: t.exposeString('snapshotId', { nullable: true }),
    progress: t.field({
      type: progress,
      select: {
        bytesDone: true,
        bytesTotal: true,
        filesDone: true,
        filesTotal: true,
        bytesPerSecond: true,
        secondsLeft: true,
      },
      resolve: (run) => run,
    }),
    rowCount: t.expose('rowCount', {
      type: 'BigInt',
      nullable: true,
      description: 'Rows of all its tables, where the driver knows or its server estimates them.',
    }),
    addedBytes: t.expose('addedBytes', {
      type: 'BigInt',
      nullable: true,
      description: 'New data, before compression.',
    }),
    storedBytes: t.expose('storedBytes', { type: 'BigInt', nullable: true, description: 'New data, as stored.' }),
    error: t.field({
      type: runError,
      nullable: true,
      select: { errorCode: true, errorMessage: true, errorRemedy: true },
      resolve: (run) =>
        run.errorCode === null
          ? null
          : { code: run.errorCode, message: run.errorMessage ?? '', remedy: run.errorRemedy ?? '' },
    }),
    findings: t.field({
      type: [finding],
      description: 'What its log shows: known problems with their causes, the gravest first. Also while it goes on.',
      complexity: 10,
      select: { id: true, state: true, errorCode: true, errorMessage: true },
      resolve: (run, _args, { runtime }) =>
        run.state === 'QUEUED' || run.state === 'SUCCEEDED' ? [] : findingsOf(runtime.prisma, run),
    }),
    changesSinceGood: t.field({
      type: changesType,
      nullable: true,
      description:
        'Of one that failed: what is not as it was when its source was last saved. Null where it never was, and for good ones.',
      complexity: 10,
      select: { id: true, state: true, sourceId: true, part: true, queuedAt: true },
      resolve: (run, _args, { runtime }) => changesSinceGood(runtime.prisma, run),
    }),
    queuedAt: t.expose('queuedAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
})
