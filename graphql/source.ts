import { z } from 'zod'
import { openSecrets } from '#lib/environments/sources.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import { mayReplacePlace, titleOf } from '#lib/sources/registry.ts'
import { builder } from './builder.ts'
import { sourceType } from './enums.ts'
import { newestOf } from './newest.ts'

/** Prisma makes one question of those that are asked at once in the same words. */
const runOf = (query: object, id: string | null, { prisma }: Runtime) =>
  id === null ? null : prisma.backupRun.findUnique({ ...query, where: { id } })

export const source = builder.prismaObject('Source', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    type: t.expose('type', { type: sourceType }),
    kind: t.exposeString('kind'),
    kindTitle: t.string({
      description: 'What people call the kind: “PostgreSQL”.',
      select: { kind: true },
      resolve: ({ kind }) => titleOf(kind),
    }),
    enabled: t.exposeBoolean('enabled'),
    settingsMissing: t.exposeBoolean('settingsMissing', {
      description:
        'Whether it was read back from a repository, which holds no settings: they must be entered before it can be enabled. It then goes on with its own history.',
    }),
    tags: t.exposeStringList('tags', { description: 'For plans to choose by.' }),
    maxAgeHours: t.exposeInt('maxAgeHours', {
      nullable: true,
      description: 'How old its newest good backup may become, if that was set. Null: as its plans say.',
    }),
    assertions: t.field({
      type: ['JSON'],
      description:
        'What must be true of what a verification restores: {kind: "sql", name, sql, compare, value, database} and {kind: "file", name, path, sha256, minBytes, newerThanHours}.',
      authScopes: { can: 'settings:write' },
      select: { assertions: true },
      resolve: ({ assertions }) => assertions as object[],
    }),
    mayBeMasked: t.boolean({
      description: 'Whether masking SQL can be run in its copies before anybody sees them.',
      select: { kind: true },
      resolve: ({ kind }) => mayReplacePlace(kind),
    }),
    maskingSql: t.exposeString('maskingSql', {
      nullable: true,
      description:
        'SQL that is run in a database that is restored from it in another environment, before anybody sees that. Null: none.',
      authScopes: { can: 'settings:write' },
    }),
    lateSince: t.expose('lateSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when its newest good backup is older than it may become. Null: it is not late.',
    }),
    deleted: t.boolean({
      description: 'Whether it was deleted and is only here because its history names it.',
      select: { deletedAt: true },
      resolve: ({ deletedAt }) => deletedAt !== null,
    }),
    settings: t.field({
      type: 'JSON',
      description: 'Without the secret ones. For those who may change them.',
      authScopes: { can: 'settings:write' },
      select: { settings: true },
      resolve: ({ settings }) => settings,
    }),
    secretsSet: t.stringList({
      description: 'The secret settings that are stored, by their dotted names. Their values are never answered.',
      authScopes: { can: 'settings:write' },
      select: { id: true, sealedSecrets: true },
      resolve: (source, _args, { runtime }) => Object.keys(openSecrets(source, runtime.secretKey)),
    }),
    environment: t.relation('environment'),
    repositoryId: t.id({
      nullable: true,
      description:
        'Of the repository that was chosen for it. Null: it is saved in that of its environment, else in the default one.',
      select: { repositoryId: true },
      resolve: ({ repositoryId }) => repositoryId,
    }),
    repository: t.prismaField({
      type: 'Repository',
      nullable: true,
      description: 'Its own, else that of its environment, else the default one.',
      select: { repositoryId: true, environment: { select: { repositoryId: true } } },
      resolve: (query, { repositoryId, environment }, _args, { runtime }) => {
        const chosen = repositoryId ?? environment.repositoryId
        return chosen === null
          ? runtime.prisma.repository.findFirst({ ...query, where: { isDefault: true } })
          : runtime.prisma.repository.findUnique({ ...query, where: { id: chosen } })
      },
    }),
    lastGoodRun: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      description: 'The newest run that saved something: SUCCEEDED or PARTIAL.',
      resolve: async (query, { id }, _args, context) =>
        runOf(query, await newestOf(context, 'goodRun', id), context.runtime),
    }),
    activeRun: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      resolve: async (query, { id }, _args, context) =>
        runOf(query, await newestOf(context, 'activeRun', id), context.runtime),
    }),
    lastRun: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      resolve: async (query, { id }, _args, context) =>
        runOf(query, await newestOf(context, 'run', id), context.runtime),
    }),
  }),
})

builder.queryFields((t) => ({
  source: t.prismaField({
    type: 'Source',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      z.uuid().safeParse(id).success
        ? runtime.prisma.source.findFirst({ ...query, where: { id, deletedAt: null } })
        : null,
  }),
  sources: t.prismaField({
    type: ['Source'],
    args: { environment: t.arg.string(), type: t.arg({ type: sourceType }) },
    resolve: (query, _root, args, { runtime }) =>
      runtime.prisma.source.findMany({
        ...query,
        where: {
          deletedAt: null,
          ...(args.environment && { environment: { name: args.environment } }),
          ...(args.type && { type: args.type }),
        },
        orderBy: [{ environment: { position: 'asc' } }, { type: 'asc' }, { name: 'asc' }],
      }),
  }),
}))
