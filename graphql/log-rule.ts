import { createLogRule, deleteLogRule, type UnknownLine, unknownLines } from '#lib/log-analysis/own-rules.ts'
import { sinceOf } from '#lib/statistics/read.ts'
import type { LogRule } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { severity } from './enums.ts'
import { given } from './given.ts'

const logRule = builder.prismaObject('LogRule', {
  description: 'What administrators know of lines of logs that no rule of the program does.',
  fields: (t) => ({
    id: t.exposeID('id'),
    pattern: t.exposeString('pattern', { description: 'What a line holds; * stands for any text.' }),
    severity: t.expose('severity', { type: severity }),
    cause: t.exposeString('cause'),
    remedy: t.exposeString('remedy'),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

const unknownLine = builder.objectRef<UnknownLine>('UnknownLogLine').implement({
  description: 'Warnings and errors that no rule knows, alike ones as one.',
  fields: (t) => ({
    fingerprint: t.exposeString('fingerprint', { description: 'What they have in common.' }),
    sample: t.exposeString('sample', { description: 'The newest one.' }),
    count: t.exposeInt('count'),
    firstAt: t.expose('firstAt', { type: 'DateTime' }),
    lastAt: t.expose('lastAt', { type: 'DateTime' }),
    backupId: t.exposeID('backupId', { description: 'The newest one with it.' }),
  }),
})

builder.queryFields((t) => ({
  logRules: t.prismaField({
    type: [logRule],
    description: 'Those that administrators have added, the newest first.',
    resolve: (query, _root, _args, { runtime }) =>
      runtime.prisma.logRule.findMany({ ...query, orderBy: { createdAt: 'desc' } }),
  }),
  unknownLogLines: t.field({
    type: [unknownLine],
    description: 'The most frequent first, of the newest 5,000 warnings and errors.',
    complexity: 50,
    args: { days: t.arg.int({ defaultValue: 30, description: 'Today among them; at most 366.' }) },
    resolve: (_root, { days }, { runtime }) => unknownLines(runtime.prisma, sinceOf(days ?? 30, runtime.clock.now())),
  }),
}))

const createInput = builder.inputType('CreateLogRuleInput', {
  fields: (t) => ({
    pattern: t.string({ required: true, description: 'What a line holds; * stands for any text.' }),
    severity: t.field({ type: severity, description: 'ERROR when left out.' }),
    cause: t.string({ required: true }),
    remedy: t.string({ required: true }),
  }),
})

const holder = (name: string) =>
  builder
    .objectRef<{ rule: LogRule }>(name)
    .implement({ fields: (t) => ({ rule: t.expose('rule', { type: logRule }) }) })
const createLogRuleSuccess = holder('CreateLogRuleSuccess')
const deleteLogRuleSuccess = holder('DeleteLogRuleSuccess')

builder.mutationFields((t) => ({
  createLogRule: t.field({
    type: createLogRuleSuccess,
    description: 'From now on, lines with the pattern are findings of their runs, of earlier ones too.',
    errors: {},
    args: { input: t.arg({ type: createInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      rule: await createLogRule(runtime, actor, given(input)),
    }),
  }),
  deleteLogRule: t.field({
    type: deleteLogRuleSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ rule: await deleteLogRule(runtime, actor, id) }),
  }),
}))
