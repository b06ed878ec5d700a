import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { LogLevel } from '#prisma/client/enums.ts'
import { searchLog } from './search-log.ts'

let home: Installation
let sources: Record<string, string>
const DAY_MS = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * DAY_MS)

beforeAll(async () => {
  home = await openInstallation()
  const { prisma } = home.runtime
  const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
  sources = {}
  for (const name of ['shop', 'uploads']) sources[name] = (await home.addFiles(name, { a: 'a' })).source.id
  const lines: [source: string, days: number, level: LogLevel, message: string][] = [
    ['shop', 0.1, 'ERROR', 'pg_dump: error: connection to server at "db" failed: Connection refused'],
    ['shop', 3, 'INFO', 'dumping table public.orders'],
    ['uploads', 20, 'WARNING', 'error: open /srv/uploads/privé.key: permission denied'],
    ['uploads', 400, 'ERROR', 'the invoice-2291.pdf could not be read'],
  ]
  for (const [at, [source, days, level, message]] of lines.entries()) {
    const { id: backupId } = await prisma.backup.create({
      data: { type: 'FULL', origin: 'API', environments: ['test'], compressionLevel: 5, state: 'FAILED' },
    })
    const run = {
      backupId,
      sourceId: sources[source] as string,
      repositoryId,
      compressionLevel: 5,
      state: 'FAILED' as const,
    }
    const { id: runId } = await prisma.backupRun.create({ data: run })
    await prisma.backupEvent.createMany({
      data: [
        { backupId, seq: 1, runId, kind: 'STATE', state: 'FAILED', at: ago(days) },
        { backupId, seq: 2 + at, runId, kind: 'LOG', level, message, at: ago(days) },
      ],
    })
  }
})
afterAll(() => home?.close())

const found = async (filter: object) =>
  (await searchLog(home.runtime, filter)).map(({ message }) => message.slice(0, 12))

describe('a search of the logs', () => {
  it.each<[because: string, filter: object, lines: string[]]>([
    ['everything, newest first', {}, ['pg_dump: err', 'dumping tabl', 'error: open ', 'the invoice-']],
    ['a word, whatever its case', { text: 'CONNECTION' }, ['pg_dump: err']],
    ['a word with an accent', { text: 'privé.key' }, ['error: open ']],
    ['one that is very old', { text: 'invoice-2291.pdf' }, ['the invoice-']],
    ['several words, in any order', { text: 'denied permission' }, ['error: open ']],
    ['a phrase', { text: '"permission denied"' }, ['error: open ']],
    ['a phrase that is none', { text: '"denied permission"' }, []],
    ['one or the other', { text: 'refused or orders' }, ['pg_dump: err', 'dumping tabl']],
    ['without a word', { text: 'error -refused' }, ['error: open ']],
    ['from a level on', { level: 'ERROR' }, ['pg_dump: err', 'the invoice-']],
    ['from a time on', { from: ago(5) }, ['pg_dump: err', 'dumping tabl']],
    ['until a time', { to: ago(5) }, ['error: open ', 'the invoice-']],
    ['a path', { text: '/srv/uploads' }, ['error: open ']],
    ['a part of a name', { text: 'orders' }, ['dumping tabl']],
    ['nothing for signs alone', { text: '-- "" &|!' }, []],
    ['what nobody can mean', { text: "'); drop table backups; --" }, []],
  ])('finds %s', async (_because, filter, lines) => {
    expect(await found(filter)).toEqual(lines)
  })

  it('finds the lines of one source', async () => {
    expect(await found({ sourceId: sources.uploads, text: 'error or invoice' })).toEqual([
      'error: open ',
      'the invoice-',
    ])
    expect(await found({ sourceId: sources.shop, text: 'denied' })).toEqual([])
  })

  it('finds why a run failed, as an error', async () => {
    const { prisma } = home.runtime
    const run = await prisma.backupRun.findFirstOrThrow({ where: { sourceId: sources.shop as string } })
    const { backupId, id: runId } = run
    const message = 'The SQLite database is away.'
    const state = { kind: 'STATE' as const, state: 'FAILED' as const, message, at: ago(0.2) }
    await prisma.backupEvent.create({ data: { backupId, runId, seq: 100, ...state } })
    expect(await searchLog(home.runtime, { text: 'away', level: 'ERROR' })).toEqual([
      expect.objectContaining({ message, level: 'ERROR', seq: 100 }),
    ])
    await prisma.backupEvent.deleteMany({ where: { backupId, seq: 100 } })
  })

  it.each([{ level: 'LOUD' }, { sourceId: 'x' }, { text: 'x'.repeat(201) }, { other: 1 }])(
    'refuses %j',
    async (filter) => {
      await expect(searchLog(home.runtime, filter)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    },
  )

  it('goes by the words of its index', async () => {
    const plan: unknown[] = []
    const undone = new Error('undone')
    const explain = home.runtime.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`drop index backup_events_lines`
      await tx.$executeRaw`set local enable_seqscan = off`
      plan.push(
        ...(await tx.$queryRaw<object[]>`explain select 1 from backup_events e where e.message is not null
          and to_tsvector('simple', regexp_replace(e.message, '[^[:alnum:]]+', ' ', 'g')) @@ websearch_to_tsquery('simple', 'invoice')`),
      )
      throw undone
    })
    await expect(explain).rejects.toBe(undone)
    expect(JSON.stringify(plan)).toContain('backup_events_words')
  })
})
