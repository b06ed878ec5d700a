import { randomBytes } from 'node:crypto'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { passwordOf } from '#lib/repositories/access.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client
const run: Client['run'] = (...given) => client.run(...given)
const json: Client['json'] = (...given) => client.json(...given)
const row = () => home.runtime.prisma.repository.findUniqueOrThrow({ where: { name: 'default' } })

beforeAll(async () => {
  home = await openInstallation()
  client = await serveClient(home, 'repositories')
  await home.addFiles('notes', { 'a.txt': randomBytes(20_000).toString('hex') })
  await home.startWorker()
  await home.startMaintenance()
  const { id } = await triggerBackup(home.runtime, home.admin, 'CLI', { type: 'STORAGE' })
  await home.ended(id)
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

describe('a password', () => {
  test('is changed to a random one or to one that is given, and the kit must be taken anew', async () => {
    const password = async () => passwordOf(home.runtime.secretKey, await row()).reveal()
    const first = await password()
    await json(['kit', 'default'])
    expect(await json(['show', 'default'])).toMatchObject([{ kitNeeded: false }])
    expect(await run(['password', 'default', '--wait'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/change of password +SUCCEEDED/),
    })
    expect(await password()).not.toBe(first)
    expect((await run(['show', 'default'])).stdout).toContain('Take it: backup-trigger repositories kit')
    const given = await run(['password', 'default', '--password-stdin', '--wait'], { stdin: 'from now on this\n' })
    expect(given).toMatchObject({ code: 0, stdout: expect.not.stringContaining('from now on this') })
    expect(await password()).toBe('from now on this')
  })
})

describe('second copies', () => {
  test('go to another repository, those that are missing when they are asked for, or nowhere', async () => {
    const at = ['--kind', 'local', '--set', `path=${join(home.folder, 'second')}`]
    await json(['add', '--name', 'second', ...at, '--copy-of', 'default'])
    expect(await json(['copy-to', 'default', 'second'])).toMatchObject([
      { copyTo: { name: 'second' }, missingCopies: 1 },
    ])
    expect((await run(['show', 'default'])).stdout).toContain(
      'Each snapshot is copied to second; 1 have no copy there.',
    )
    expect((await run(['copy-missing', 'default'])).stdout).toBe('1 copies were asked for.\n')
    const missing = async () => (await json(['show', 'default']))[0].missingCopies
    await expect.poll(missing, { timeout: 60_000, interval: 500 }).toBe(0)
    expect(await json(['tasks', 'second'])).toContainEqual(
      expect.objectContaining({ kind: 'COPY', state: 'SUCCEEDED' }),
    )
    expect(await run(['copy-to', 'default'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--nowhere') })
    expect(await json(['copy-to', 'default', '--nowhere'])).toMatchObject([{ copyTo: null }])
  })
})

describe('adopting', () => {
  test('takes what is there into the history, once', async () => {
    const prisma = home.runtime.prisma
    const known = await prisma.backupRun.findFirstOrThrow({ where: { snapshotId: { not: null } } })
    expect((await run(['adopt', 'default'])).stdout).toBe(
      '1 snapshots are there: 1 were known, 0 are new in the history.\n',
    )
    await prisma.backup.delete({ where: { id: known.backupId } })
    expect(await json(['adopt', 'default'])).toMatchObject([{ snapshots: 1, runs: 1, sources: 0 }])
    expect(await prisma.backupRun.findUniqueOrThrow({ where: { id: known.id } })).toMatchObject({
      snapshotId: known.snapshotId,
    })
  })
})

describe('damage', () => {
  test('that a check finds ends in exit code 1, and is repaired step by step', async () => {
    expect(await run(['repair', 'default'])).toMatchObject({ code: 0, stdout: 'It is not known to be damaged.\n' })
    expect(await run(['repair', 'default', '--next'])).toMatchObject({ code: 1 })
    await flipAByteIn(join((await row()).location, 'data'))
    const checked = await run(['check', 'default', '--read-data', 'all', '--wait'])
    expect(checked).toMatchObject({ code: 1, stdout: expect.stringContaining('The repository is damaged:') })
    expect((await run(['tasks', 'default'])).stdout).toMatch(/integrity check +SUCCEEDED +\S+ +DAMAGED: /)
    expect((await run(['list'])).stdout).toMatch(/ default +local +default +DAMAGED /)

    const shown = await run(['repair', 'default'])
    expect(shown).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/Touched snapshots:\n {2}[0-9a-f]{8} {2}notes\n/),
    })
    expect(shown.stdout).toMatch(/^ {2}NEXT {3}Repair the damaged packs$/m)
    const next = async () => (await damage()).steps.find((step: { isNext: boolean }) => step.isNext).kind
    expect(await next()).toBe('REPAIR_PACKS')
    expect(await run(['repair', 'default', '--next', '--wait'])).toMatchObject({ code: 0 })
    expect(await next()).toBe('REPAIR_SNAPSHOTS')
    expect(await run(['repair', 'default', '--next', '--wait'])).toMatchObject({ code: 0 })
    expect(await next()).toBe('BACKUP')
    const [backup] = await json(['repair', 'default', '--next'])
    expect((await home.ended(backup.id)).state).toBe('SUCCEEDED')
    expect(await next()).toBe('CHECK')
    expect(await run(['repair', 'default', '--next', '--wait'])).toMatchObject({ code: 0 })
    expect(await run(['repair', 'default'])).toMatchObject({ code: 0, stdout: 'It is not known to be damaged.\n' })
  })

  /** What the command prints of something damaged, which is exit code 1. */
  const damage = async () => JSON.parse((await run(['repair', 'default', '--json'])).stdout)
})

/** The first of the largest pack. That one holds the file: packs of folders are mended from the cache, and nothing is lost. */
async function flipAByteIn(data: string): Promise<void> {
  const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  const path = paths[sizes.indexOf(Math.max(...sizes))] as string
  const content = await readFile(path)
  content[0] = (content[0] as number) ^ 1
  await chmod(path, 0o600)
  await writeFile(path, content)
}
