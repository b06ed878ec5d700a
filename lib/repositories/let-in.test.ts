import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { currentKey } from '#lib/restic/keys.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import { type SshServer, startSshServer } from '#lib/testing/ssh-server.ts'
import type { Repository } from '#prisma/client/client.ts'
import { openAccess } from './access.ts'
import { createRepository } from './create.ts'
import { letIn } from './let-in.ts'

let home: Installation
let rest: RcloneServer
let appendOnly: RcloneServer
let ssh: SshServer

beforeAll(async () => {
  home = await openInstallation()
  rest = await startRcloneServer('restic')
  appendOnly = await startRcloneServer('restic', ['--append-only'])
  ssh = await startSshServer()
})
afterAll(async () => {
  await Promise.all([rest?.stop(), appendOnly?.stop(), ssh?.stop()])
  await home?.close()
})

const restPlace = (server: RcloneServer) => ({
  kind: 'rest',
  settings: { url: `http://127.0.0.1:${server.port}`, path: 'one', user: server.user, password: server.password },
  folder: join(server.folder, 'one'),
})
const places = {
  'a folder': () => {
    const path = join(home.folder, 'files', 'one')
    return { kind: 'local', settings: { path }, folder: path }
  },
  'a REST server': () => restPlace(rest),
  'a REST server that only appends': () => restPlace(appendOnly),
  'an SFTP server': () => {
    const path = join(home.folder, 'by sftp')
    const { port, user, hostKey, privateKey } = ssh
    return { kind: 'sftp', settings: { host: '127.0.0.1', port, user, path, hostKey, privateKey }, folder: path }
  },
}

describe.each(Object.entries(places))('the key files in %s', (name, place) => {
  let repository: Repository
  let keys: string

  async function enter(): Promise<string | undefined> {
    const restic = await home.runtime.restic()
    await using access = await openAccess(home.runtime, repository)
    await letIn(home.runtime, { repository, restic, access })
    return (await currentKey(restic, access))?.id
  }

  beforeAll(async () => {
    const { folder, ...input } = place()
    repository = await createRepository(home.runtime, home.admin, { name, ...input })
    keys = join(folder, 'keys')
    expect(await readdir(keys)).toHaveLength(2)
  })

  it('that are all gone are replaced by our copy', async () => {
    await rm(keys, { recursive: true, force: true })
    if (name.includes('server')) await mkdir(keys) // a server makes its folders when it makes the repository
    expect(await enter()).toBe(repository.keyId)
    expect(await readdir(keys)).toEqual([repository.keyId])
  })

  it('that are all damaged are replaced by our copy, unless the server lets nothing be replaced', async () => {
    const file = join(keys, repository.keyId as string)
    await rm(file)
    await writeFile(file, 'nothing')
    const entered = enter()
    if (name.includes('only appends'))
      await expect(entered).rejects.toThrow(expect.objectContaining({ kind: 'repository' }))
    else expect(await entered).toBe(repository.keyId)
  })
})
