import { statfsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import { makeSshKey, type SshServer, startSshServer } from '#lib/testing/ssh-server.ts'
import { type AccessDeps, checkPlace, openPlace } from './access.ts'

let folder: string
let ssh: SshServer
let files: RcloneServer
let keyOfFiles: string
const { signal } = new AbortController()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'space-'))
  ssh = await startSshServer()
  const { public: hostKey } = await makeSshKey(folder, 'host')
  files = await startRcloneServer('sftp', ['--key', join(folder, 'host')])
  keyOfFiles = hostKey
})
afterAll(async () => {
  await Promise.all([ssh?.stop(), files?.stop()])
  await rm(folder, { recursive: true, force: true })
})

async function spaceOf(name: string, settings: object) {
  const place = checkPlace(name, settings)
  await using access = await openPlace({ config: { DATA_DIR: folder } } as AccessDeps, place, new Secret('any'))
  return await place.kind.space?.(place.settings, signal, { cwd: access.cwd, path: '/usr/local/bin:/usr/bin:/bin' })
}
const server = { host: '127.0.0.1' }
const openSsh = () => ({ ...server, port: ssh.port, user: ssh.user, hostKey: ssh.hostKey, privateKey: ssh.privateKey })
const here = () => {
  const { blocks, bsize } = statfsSync(folder)
  return { free: expect.any(Number), total: blocks * bsize }
}

it('is known of a folder', async () => {
  expect(await spaceOf('local', { path: folder })).toEqual(here())
})

it('is known of an OpenSSH server, whose extension gives the same', async () => {
  expect(await spaceOf('sftp', { ...openSsh(), path: folder })).toEqual(here())
  expect(await spaceOf('sftp', { ...openSsh(), path: join(folder, 'none') })).toBeNull()
})

it('is not known of an SFTP server without the extension', async () => {
  const signIn = { port: files.port, user: files.user, password: files.password, hostKey: keyOfFiles }
  expect(await spaceOf('sftp', { ...server, ...signIn, path: '/' })).toBeNull()
})

it('is known of a remote of rclone, where its kind knows it', async () => {
  const config = `[disk]\ntype = alias\nremote = ${folder}\n[odd]\ntype = http\nurl = http://127.0.0.1:1/\n`
  expect(await spaceOf('rclone', { remote: 'disk', path: 'not/yet', config })).toEqual(here())
  expect(await spaceOf('rclone', { remote: 'odd', config })).toBeNull()
})
