import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runChild } from '#lib/process/child.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { processesNaming, until } from '#lib/testing/server.ts'
import { browseSnapshot } from './browse.ts'
import { downloadFromSnapshot } from './download.ts'
import { triggerBackup } from './trigger.ts'

const ODD = 'b [1]* "x" $(y) é\nz.txt'
const BIG = 48 * 1024 * 1024
let home: Installation
let folder: string
let root: string
let runId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'))
  home = await openInstallation()
  const { source, path } = await home.addFiles('notes', { 'a.txt': 'first', [ODD]: 'odd', 'empty.txt': '' })
  root = path
  await mkdir(join(path, 'many'))
  for (let i = 0; i < 25; i++) await writeFile(join(path, 'many', `${String(i).padStart(2, '0')}.txt`), `${i}`)
  await writeFile(Buffer.concat([Buffer.from(`${path}/latin-`), Buffer.from([0xe9])]), 'latin')
  await writeFile(
    join(path, 'big.bin'),
    crypto
      .getRandomValues(Buffer.alloc(65_536))
      .toString('hex')
      .repeat(BIG / 131_072),
  )
  await home.startWorker()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
  const { state, runs } = await home.ended(id)
  expect(state).toBe('SUCCEEDED')
  runId = runs[0]?.id as string
}, 60_000)
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())
afterAll(async () => {
  await home?.close()
  await rm(folder, { recursive: true, force: true })
})

const refusal = (code: string) => expect.objectContaining({ code })
const browse = (more: object) => browseSnapshot(home.runtime, home.admin, { runId, ...more })
const download = (path: string, more: object = {}, signal = new AbortController().signal) =>
  downloadFromSnapshot(home.runtime, home.admin, { run: runId, path, ...more }, signal)
const audit = (action: string) => home.runtime.prisma.auditEvent.count({ where: { action, targetId: runId } })

describe('looking into a snapshot', () => {
  it('begins at the root and goes down, with names as they are, and is noted once', async () => {
    const top = await browse({})
    expect(top.entries.map(({ path, type }) => [path, type])).toEqual([[`/${root.split('/')[1]}`, 'dir']])
    const { entries, next } = await browse({ path: `${root}/` })
    expect(entries.map(({ name, type, bytes }) => [name, type, bytes])).toEqual([
      ['a.txt', 'file', 5],
      [ODD, 'file', 3],
      ['big.bin', 'file', BIG],
      ['empty.txt', 'file', 0],
      ['latin-\uFFFD', 'file', 5],
      ['many', 'dir', null],
    ])
    expect(next).toBeNull()
    expect(await audit('snapshot.browse')).toBe(1)
  })

  it('needs the repository only once for a folder, which never changes', async () => {
    const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
    const wish = { path: join(root, 'many'), first: 5 }
    const before = await browse(wish)
    await rename(location, `${location}-away`)
    try {
      expect(await browse(wish)).toEqual(before)
      expect((await browse({ ...wish, after: before.next })).entries[0]?.name).toBe('05.txt')
      await expect(browse({ path: join(root, 'other') })).rejects.toThrow()
      const other = { ...home.admin, role: 'OPERATOR' as const }
      await expect(browseSnapshot(home.runtime, other, { runId, ...wish })).rejects.toThrow(refusal('FORBIDDEN'))
    } finally {
      await rename(`${location}-away`, location)
    }
  })

  it('comes in pages', async () => {
    const names: string[] = []
    let after: string | null = null
    do {
      const page = await browse({ path: join(root, 'many'), first: 10, after })
      names.push(...page.entries.map(({ name }) => name))
      after = page.next
    } while (after !== null)
    expect(names).toEqual(Array.from({ length: 25 }, (_, i) => `${String(i).padStart(2, '0')}.txt`))
  })

  it('is refused for what is no folder, for runs without a snapshot, and to others than administrators', async () => {
    await expect(browse({ path: '/nowhere' })).rejects.toThrow(refusal('SNAPSHOT_PATH_UNKNOWN'))
    await expect(browse({ path: join(root, 'a.txt') })).rejects.toThrow(refusal('SNAPSHOT_PATH_UNKNOWN'))
    await expect(browse({ path: 'relative' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(browse({ runId: 'x' })).rejects.toThrow(refusal('RUN_UNKNOWN'))
    const { prisma } = home.runtime
    await prisma.backupRun.update({ where: { id: runId }, data: { removedAt: new Date() } })
    await expect(browse({})).rejects.toThrow(refusal('SNAPSHOT_GONE'))
    await prisma.backupRun.update({ where: { id: runId }, data: { removedAt: null } })
    for (const actor of [
      { ...home.admin, role: 'OPERATOR' as const },
      { ...home.admin, scopes: ['backup:read' as const] },
    ])
      await expect(browseSnapshot(home.runtime, actor, { runId })).rejects.toThrow(refusal('FORBIDDEN'))
  })
})

describe('a download', () => {
  it('of a file is that file, whatever its name, with its length, and noted', async () => {
    const before = await audit('snapshot.download')
    for (const name of ['a.txt', ODD, 'empty.txt', 'big.bin']) {
      const { content, bytes, filename } = await download(join(root, name))
      expect(filename).toBe(name)
      const got = await buffer(content)
      expect(got.length).toBe(bytes)
      expect(got.equals(await readFile(join(root, name)))).toBe(true)
    }
    expect(await audit('snapshot.download')).toBe(before + 4)
  })

  it('of a folder can be compressed by zstd, and is the same archive', async () => {
    const plain = await buffer((await download(join(root, 'many'), { archive: 'tar' })).content)
    const { content, bytes, filename } = await download(join(root, 'many'), { archive: 'tar.zst' })
    expect([bytes, filename]).toEqual([null, 'many.tar.zst'])
    const packed = await buffer(content)
    expect(packed.length).toBeLessThan(plain.length)
    expect(zstdDecompressSync(packed).equals(plain)).toBe(true)
  })

  it('of a folder is an archive of all that lies in it', async () => {
    const { content, bytes, filename } = await download(root, { archive: 'tar' })
    expect([bytes, filename]).toEqual([null, 'notes.tar'])
    const file = join(folder, 'notes.tar')
    await writeFile(file, content)
    const args = ['--extract', '--file', file, '--directory', folder]
    expect((await runChild({ command: '/usr/bin/tar', args, env: {} })).code).toBe(0)
    expect(await readFile(join(folder, root, ODD), 'utf8')).toBe('odd')
    expect(
      await readFile(Buffer.concat([Buffer.from(`${join(folder, root)}/latin-`), Buffer.from([0xe9])]), 'utf8'),
    ).toBe('latin')
    const zip = await buffer((await download(join(root, 'many'))).content)
    expect(zip.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
    // The end of the central directory: 25 files and their folder.
    expect(zip.readUInt16LE(zip.length - 22 + 10)).toBeGreaterThanOrEqual(25)
  })

  it.each([
    ['of a file', 'big.bin'],
    ['of a folder, whose length nobody knows,', ''],
  ])('%s breaks when restic is killed in the middle, and does not end', async (_what, name) => {
    const path = join(root, name)
    const { content } = await download(path)
    content.once('error', () => {})
    let seen = 0
    const broken = (async () => {
      for await (const chunk of content) {
        if (seen === 0) for (const pid of await processesNaming(`--\0${path}\0`)) process.kill(pid, 'SIGKILL')
        seen += (chunk as Buffer).length
      }
    })()
    await expect(broken).rejects.toBeInstanceOf(Error)
    expect(seen).toBeLessThan(BIG)
  })

  it('leaves no restic behind when its reader goes away or the request is cancelled', async () => {
    const left = () => until('the end of restic', async () => (await processesNaming(`${root}/big.bin`)).length === 0)
    const gone = await download(join(root, 'big.bin'))
    gone.content.once('error', () => {})
    gone.content.destroy()
    await left()
    const cancel = new AbortController()
    const { content } = await download(join(root, 'big.bin'), {}, cancel.signal)
    cancel.abort(new Error('cancelled'))
    await expect(buffer(content)).rejects.toThrow('cancelled')
    await left()
  })

  it('is refused for what is not there', async () => {
    await expect(download(join(root, 'nothing'))).rejects.toThrow(refusal('SNAPSHOT_PATH_UNKNOWN'))
    // restic prints that name so, and finds nothing by it.
    await expect(download(join(root, 'latin-\uFFFD'))).rejects.toThrow(refusal('SNAPSHOT_PATH_UNKNOWN'))
  })
})
