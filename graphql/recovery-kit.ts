import { isKitCurrent } from '#lib/repositories/recovery-kit.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'

builder.prismaObjectFields(repository, (t) => ({
  kitTakenAt: t.expose('kitTakenAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When somebody last took the recovery kit.',
  }),
  kitNeeded: t.boolean({
    description:
      'Whether the recovery kit must be taken: nobody ever did, or the password or the place was changed since then.',
    select: { kitTakenAt: true, passwordChangedAt: true, settingsChangedAt: true },
    resolve: (row) => !isKitCurrent(row),
  }),
  passwordChangedAt: t.expose('passwordChangedAt', { type: 'DateTime' }),
}))
