import { statfsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import { makeSshKey, type SshServer, startSshServer } from '#lib/testing/ssh-server.ts'
import { checkPlace } from './access.ts'

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

const spaceOf = (name: string, settings: object) => {
  const { kind, settings: parsed } = checkPlace(name, settings)
  return kind.space?.(parsed, signal)
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
