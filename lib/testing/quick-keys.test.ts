import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addKey, currentKey, keyFile } from '#lib/restic/keys.ts'
import { initRepository, openRestic, type RepositoryAccess, type Restic } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { makeKeysQuick } from './quick-keys.ts'

let folder: string
let restic: Restic
let access: RepositoryAccess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quick-keys-'))
  const toolsDir = join(import.meta.dirname, '../../.tools/bin')
  // Not the one that makes its keys quick by itself.
  restic = await openRestic({ binary: process.env.REAL_RESTIC, toolsDir, cacheDir: join(folder, 'cache') })
  access = { location: join(folder, 'repository'), password: new Secret('correct horse') }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('keys that restic wrote open with their passwords and no other, before and after they were made quick', async () => {
  await initRepository(restic, access)
  const other = { ...access, password: new Secret('battery staple') }
  const label = { user: 'backup-trigger', host: 'repository-1' }
  const otherId = await addKey(restic, access, other.password, label)
  const costly = JSON.parse(await keyFile(restic, access, otherId))
  expect(costly.N * costly.r * costly.p).toBeGreaterThan(2 ** 16)
  expect((await currentKey(restic, access))?.id).not.toBe(otherId)

  const quick = await makeKeysQuick(access.location, 'correct horse')
  expect([...quick.values()]).toEqual([(await currentKey(restic, access))?.id])
  expect([...quick.keys()]).not.toContain(otherId)
  expect(await currentKey(restic, other)).toMatchObject({ id: otherId, ...label })

  const quickOther = (await makeKeysQuick(access.location, 'battery staple')).get(otherId)
  expect(await currentKey(restic, other)).toMatchObject({ id: quickOther, ...label })
  expect(JSON.parse(await keyFile(restic, other, quickOther as string))).toMatchObject({
    N: 2,
    created: costly.created,
  })
  expect(await readdir(join(access.location, 'keys'))).toHaveLength(2)
  expect(await currentKey(restic, { ...access, password: new Secret('wrong') })).toBeNull()
})
