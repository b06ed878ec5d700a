import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { signalTree } from '#lib/testing/process-tree.ts'
import { isAlive, processesNaming } from '#lib/testing/server.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let ls: Client
let download: Client
let folder: string
let root: string
let runId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshots-cli-'))
  home = await openInstallation()
  ls = await serveClient(home, 'ls')
  download = await serveClient(home, 'download')
  const { path } = await home.addFiles('notes', { 'a.txt': 'first', 'line\nbreak': 'x' })
  root = path
  await writeFile(join(path, 'big.bin'), crypto.getRandomValues(Buffer.alloc(65_536)).toString('hex').repeat(400))
  await home.startWorker()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  runId = (await home.ended(id)).runs[0]?.id as string
}, 60_000)
afterAll(async () => {
  ls?.close()
  download?.close()
  await home?.close()
  await rm(folder, { recursive: true, force: true })
})

test('what a run saved is listed, folder by folder', async () => {
  const { stdout } = await ls.run([runId, root])
  expect(stdout.split('\n').map((line) => line.slice(21))).toEqual([
    '5 B      a.txt',
    '52.4 MB  big.bin',
    '1 B      line break',
    '',
  ])
  expect((await ls.run([runId])).stdout).toMatch(/\/\n$/)
  expect((await ls.run([runId, root, '--limit', '1'])).stdout).toContain('There are more than these 1: --limit.')
  expect(await ls.run([runId, '/nowhere'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SNAPSHOT_PATH_UNKNOWN'),
  })
})

test('a file is downloaded into a new file of its owner, a folder as an archive', async () => {
  const file = join(folder, 'a.txt')
  expect(await download.run([runId, join(root, 'a.txt'), '--out', file])).toMatchObject({ code: 0, stderr: '' })
  expect(await readFile(file, 'utf8')).toBe('first')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await download.run([runId, join(root, 'a.txt'), '--out', file])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there already'),
  })
  const zip = join(folder, 'notes.zip')
  await download.json([runId, root, '--out', zip])
  expect((await readFile(zip)).subarray(0, 2).toString()).toBe('PK')
  expect(await download.run([runId, '/nowhere', '--out', join(folder, 'none')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SNAPSHOT_PATH_UNKNOWN'),
  })
})

test('of a download that breaks nothing is left, and it says so', async () => {
  const before = await readdir(folder)
  let killed = 0
  const kill = setInterval(async () => {
    const dumping = await processesNaming('\0dump\0')
    for (const pid of await processesNaming(`--\0${root}/big.bin`)) {
      if (!dumping.includes(pid) || !isAlive(pid)) continue
      await signalTree(pid, 'SIGKILL')
      killed++
    }
  }, 5)
  try {
    const answer = await download.run([runId, join(root, 'big.bin'), '--out', join(folder, 'big.bin')])
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('The download broke off') })
  } finally {
    clearInterval(kill)
  }
  expect(killed).toBeGreaterThan(0)
  expect(await readdir(folder)).toEqual(before)
})
