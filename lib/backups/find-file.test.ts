import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Source } from '#prisma/client/client.ts'
import { findFile } from './find-file.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
let source: Source
let path: string
let runIds: string[]
const refusal = (code: string) => expect.objectContaining({ code })
const find = (name: string, sourceId = source.id) => findFile(home.runtime, home.admin, { sourceId, name })

async function save(of: Source): Promise<string> {
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [of.id] })
  return (await home.ended(id)).runs[0]?.id as string
}

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
  const made = await home.addFiles('uploads', {
    'invoice-2291.pdf': 'first',
    '-x --[odd]*.txt': 'odd',
    'other.txt': 'o',
  })
  source = made.source
  path = made.path
  const another = await home.addFiles('others', { 'invoice-2291.pdf': 'of another source' })
  await save(another.source)
  runIds = [await save(source), await save(source)]
  await writeFile(join(path, 'invoice-2291.pdf'), 'second')
  await utimes(join(path, 'invoice-2291.pdf'), new Date(), new Date('2030-01-01'))
  runIds.push(await save(source))
})
afterAll(() => home?.close())

it('finds a name in all snapshots of a source, with its versions and who holds them', async () => {
  const file = join(path, 'invoice-2291.pdf')
  const shown = (await find('INVOICE-2291*')).map(({ runs, ...one }) => ({ ...one, runs: runs.map(({ id }) => id) }))
  expect(shown).toMatchObject([
    { path: file, type: 'file', bytes: 6, modifiedAt: new Date('2030-01-01'), runs: [runIds[2]] },
    { path: file, type: 'file', bytes: 5, runs: [runIds[1], runIds[0]] },
  ])
  expect((await find('-x --\\[odd\\]*')).map((one) => one.path)).toEqual([join(path, '-x --[odd]*.txt')])
  expect(await find('nothing of that name')).toEqual([])
  const audited = await home.runtime.prisma.auditEvent.findFirstOrThrow({ where: { action: 'snapshot.find' } })
  expect(audited).toMatchObject({ targetId: source.id, details: { name: 'INVOICE-2291*' } })
})

it('leaves out snapshots that are gone, and is for those who may restore', async () => {
  const where = { id: runIds[2] as string }
  await home.runtime.prisma.backupRun.update({ where, data: { removedAt: new Date() } })
  expect(await find('invoice-2291.pdf')).toMatchObject([{ bytes: 5 }])
  await home.runtime.prisma.backupRun.update({ where, data: { removedAt: null } })
  const operator = { ...home.admin, role: 'OPERATOR' as const }
  const asked = findFile(home.runtime, operator, { sourceId: source.id, name: 'x' })
  await expect(asked).rejects.toThrow(refusal('FORBIDDEN'))
  await expect(find('x', 'none')).rejects.toThrow(refusal('SOURCE_UNKNOWN'))
  await expect(find(' ')).rejects.toThrow(refusal('INPUT_INVALID'))
})

it('is there on the command line', async () => {
  const client = await serveClient(home, 'find')
  const { code, stdout } = await client.run([source.id, 'invoice-*'])
  expect(code).toBe(0)
  expect(stdout).toContain(join(path, 'invoice-2291.pdf'))
  expect(stdout).toContain(runIds[2])
  const [newest] = await client.json([source.id, 'invoice-*'])
  expect(newest).toMatchObject({ bytes: 6, runs: [{ id: runIds[2] }] })
  expect((await client.run([source.id, 'nothing'])).stdout).toContain('nothing of that name')
  client.close()
})
