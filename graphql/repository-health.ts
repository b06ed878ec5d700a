import { readHealth } from '#lib/maintenance/read-health.ts'
import { type HealthState, healthStates } from '#lib/repositories/health.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'
import { runError } from './run.ts'

const healthState = builder.enumType('RepositoryHealthState', {
  values: {
    OK: { description: 'It answers, and the newest check found it whole.' },
    NOT_MADE: { description: 'restic has not made it yet.' },
    UNREACHABLE: { description: 'It does not answer, or does not open: see problem.' },
    DAMAGED: { description: 'A check found damage that no later check found mended.' },
    FULL: { description: 'There is hardly any space left, or the newest backup found none.' },
    CHECK_FAILED: { description: 'The newest check could not be made.' },
    CHECK_OVERDUE: { description: 'It was last checked more than twice as long ago as it should be.' },
    NEVER_CHECKED: { description: 'It was never checked.' },
  } as const satisfies Record<HealthState, { description: string }>,
})

const health = builder.objectRef<{ state: HealthState; sentence: string }>('RepositoryHealth').implement({
  fields: (t) => ({
    state: t.expose('state', { type: healthState }),
    sentence: t.exposeString('sentence', { description: 'The same for people, with the reason.' }),
    isWell: t.boolean({ resolve: ({ state }) => state === healthStates[0] }),
  }),
})

builder.prismaObjectFields(repository, (t) => ({
  health: t.field({
    type: health,
    description: 'Whether it can be relied upon. The worst that is known.',
    complexity: 20,
    select: {
      id: true,
      name: true,
      options: true,
      initialisedAt: true,
      unreachableSince: true,
      problemMessage: true,
    },
    resolve: (row, _args, { runtime }) => readHealth(runtime.prisma, row, runtime.clock.now()),
  }),
  probedAt: t.expose('probedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When it was last looked at; every five minutes.',
  }),
  unreachableSince: t.expose('unreachableSince', {
    type: 'DateTime',
    nullable: true,
    description: 'Since when the looks at it fail. Null while they do not.',
  }),
  problem: t.field({
    type: runError,
    nullable: true,
    description: 'Why the newest look at it failed.',
    select: { problemCode: true, problemMessage: true, problemRemedy: true },
    resolve: ({ problemCode, problemMessage, problemRemedy }) =>
      problemCode === null ? null : { code: problemCode, message: problemMessage ?? '', remedy: problemRemedy ?? '' },
  }),
}))
