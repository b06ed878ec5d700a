import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runChild } from '#lib/process/child.ts'
import { openRepository } from '#lib/restic/init.ts'
import { damagedKeys, listKeyIds } from '#lib/restic/keys.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { openAccess } from './access.ts'
import { createRepository } from './create.ts'
import { isKitCurrent, recoveryKit } from './recovery-kit.ts'
import { keyCopyOf, secureKeys, turnToSpareKey } from './secure-keys.ts'
import { updateRepository } from './update.ts'

let home: Installation
let id: string
const code = (wanted: string) => expect.objectContaining({ code: wanted })
const row = (): Promise<Repository> => home.runtime.prisma.repository.findUniqueOrThrow({ where: { id } })
const keysFolder = async () => join((await row()).location, 'keys')
const kit = async () => (await recoveryKit(home.runtime, home.admin, id)).text

beforeAll(async () => {
  home = await openInstallation()
  id = (await home.runtime.prisma.repository.findFirstOrThrow()).id
})
afterAll(() => home?.close())

async function overwrite(keyId: string, content: string): Promise<void> {
  const file = join(await keysFolder(), keyId)
  await chmod(file, 0o600).catch(() => {})
  await writeFile(file, content)
}

describe('a new repository', () => {
  it('has two keys of ours and a copy of the first, and nothing is added when that is asked for again', async () => {
    const settings = { path: join(home.folder, 'files', 'another') }
    const made = await createRepository(home.runtime, home.admin, { name: 'another', kind: 'local', settings })
    const ids = await readdir(join(settings.path, 'keys'))
    expect(ids.sort()).toEqual([made.keyId, made.spareKeyId].sort())
    const copy = keyCopyOf(home.runtime, made)
    expect(copy?.id).toBe(made.keyId)
    expect(copy?.content).toBe(await readFile(join(settings.path, 'keys', made.keyId as string), 'utf8'))
    expect(JSON.stringify(made)).not.toContain(JSON.parse(copy?.content ?? '{}').data)

    await using access = await openAccess(home.runtime, made)
    const forgotten = await home.runtime.prisma.repository.update({
      where: { id: made.id },
      data: { keyId: null, spareKeyId: null, sealedKeyFile: null },
    })
    const again = await secureKeys(home.runtime, await home.runtime.restic(), access, forgotten)
    expect([again.keyId, again.spareKeyId].sort()).toEqual(ids.sort())
    expect(await readdir(join(settings.path, 'keys'))).toHaveLength(2)
  })
})

describe('the recovery kit', () => {
  it('is needed until it is taken, and again when the place has changed', async () => {
    expect(isKitCurrent(await row())).toBe(false)
    await kit()
    expect(isKitCurrent(await row())).toBe(true)
    const { settings, location, name } = await row()
    await updateRepository(home.runtime, home.admin, { id, name, settings: settings as object })
    expect(isKitCurrent(await row())).toBe(true)
    const moved = join(home.folder, 'moved')
    await mkdir(moved)
    await runChild({ command: '/bin/cp', args: ['-a', location, join(moved, 'here')], env: {} })
    await updateRepository(home.runtime, home.admin, { id, settings: { path: join(moved, 'here') } })
    expect(isKitCurrent(await row())).toBe(false)
    await kit()
    expect(isKitCurrent(await row())).toBe(true)
  })

  it('opens a repository that has lost all its key files, with restic and a shell alone', async () => {
    const text = await kit()
    const { location, keyId } = await row()
    const folder = join(home.folder, 'by the kit')
    await mkdir(folder)
    const { binary } = await home.runtime.restic()
    const env = { PATH: `${dirname(binary)}:/usr/bin:/bin`, HOME: folder }
    const sh = (script: string) => runChild({ command: '/bin/sh', args: ['-e', '-c', script], env, cwd: folder })
    const kept = new Map<string, Buffer>()
    for (const name of await readdir(join(location, 'keys')))
      kept.set(name, await readFile(join(location, 'keys', name)))
    await rm(join(location, 'keys'), { recursive: true, force: true })
    await mkdir(join(location, 'keys'))
    expect((await sh(text)).code).toBe(12)

    const writesFile = text.split('\n').find((line) => line.startsWith('(umask') && line.endsWith(`./${keyId})`))
    expect((await sh(writesFile as string)).code).toBe(0)
    await copyFile(join(folder, keyId as string), join(location, 'keys', keyId as string))
    const followed = await sh(text)
    expect(followed.code, followed.stderr).toBe(0)
    for (const [name, content] of kept) if (name !== keyId) await writeFile(join(location, 'keys', name), content)
  })
})

describe('a damaged key', () => {
  it('of somebody else is not even read', async () => {
    await overwrite('0'.repeat(64), 'of somebody else')
    await using access = await openAccess(home.runtime, await row())
    const restic = await home.runtime.restic()
    await openRepository(restic, access)
    expect(await damagedKeys(restic, access)).toEqual(['0'.repeat(64)])
    await rm(join(await keysFolder(), '0'.repeat(64)))
  })

  it('of ours is passed over by the spare one, which is the first from then on', async () => {
    const before = await row()
    await using access = await openAccess(home.runtime, before)
    const restic = await home.runtime.restic()
    await overwrite(before.keyId as string, 'nothing')
    expect(await turnToSpareKey(home.runtime, restic, access, before)).toBe(true)
    expect(await row()).toMatchObject({ keyId: before.spareKeyId, spareKeyId: null })
    await openRepository(restic, access)
    expect(await damagedKeys(restic, access)).toEqual([before.keyId])

    const secured = await secureKeys(home.runtime, restic, access, await row())
    expect(secured).toMatchObject({ keyId: before.spareKeyId, spareKeyId: expect.any(String) })
    expect(await listKeyIds(restic, access)).toHaveLength(3)
    await overwrite(secured.keyId as string, '')
    await overwrite(secured.spareKeyId as string, '')
    expect(await turnToSpareKey(home.runtime, restic, access, secured)).toBe(false)
    await expect(openRepository(restic, access)).rejects.toThrow(code('REPOSITORY_KEY_DAMAGED'))
  })
})
