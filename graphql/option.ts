import { type OptionState, readOptions } from '#lib/settings/options.ts'
import { setOption } from '#lib/settings/set-option.ts'
import { builder } from './builder.ts'

const origin = builder.enumType('OptionOrigin', {
  values: {
    DEFAULT: { description: 'Nobody said anything.' },
    ENVIRONMENT: { description: 'Of the environment variable.' },
    SETTINGS: { description: 'Set here, over the environment variable.' },
  },
})

const option = builder.objectRef<OptionState>('Option').implement({
  description: 'A documented option of the installation. Plans and triggers may say otherwise.',
  fields: (t) => ({
    name: t.exposeString('name'),
    variable: t.exposeString('variable', { description: 'The environment variable.' }),
    meaning: t.exposeString('meaning'),
    choices: t.exposeStringList('choices', { nullable: true }),
    value: t.exposeString('value', { description: 'What holds now, as the environment variable would have it.' }),
    origin: t.expose('origin', { type: origin }),
    otherwise: t.exposeString('otherwise', { description: 'What would hold if it were not set here.' }),
    changedAt: t.expose('changedAt', { type: 'DateTime', nullable: true, description: 'When it was set here.' }),
  }),
})

builder.queryFields((t) => ({
  options: t.field({
    type: [option],
    resolve: (_root, _args, { runtime }) => readOptions(runtime.prisma, runtime.config),
  }),
}))

const setOptionInput = builder.inputType('SetOptionInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    value: t.string({ description: 'Null or left out: the environment variable counts again.' }),
    confirmEnvironment: t.stringList({
      description: 'The names of the protected environments, to keep backups for fewer days.',
    }),
  }),
})
const setOptionSuccess = builder.objectRef<{ option: OptionState }>('SetOptionSuccess').implement({
  fields: (t) => ({ option: t.expose('option', { type: option }) }),
})

builder.mutationFields((t) => ({
  setOption: t.field({
    type: setOptionSuccess,
    description: 'Holds at once, in all processes.',
    errors: {},
    args: { input: t.arg({ type: setOptionInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      option: await setOption(runtime, actor, { ...input, value: input.value ?? null }),
    }),
  }),
}))
