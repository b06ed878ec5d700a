import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { openRepository } from './init.ts'
import {
  addKey,
  currentKey,
  damagedKeys,
  isKeyFile,
  keyFile,
  listKeyIds,
  listKeys,
  removeKey,
  withHint,
} from './keys.ts'
import { type Bench, openBench } from './testing/bench.ts'

let bench: Bench
let first: string
let spare: string
const files = new Map<string, string>()
const folder = () => join(bench.access.location, 'keys')
const code = (wanted: string) => expect.objectContaining({ code: wanted })
const other = new Secret(' another $"pass\\word ü ')
const label = { user: 'backup-trigger', host: 'ab:c d' }

/** Another character in the middle of the encrypted part. */
async function damage(id: string): Promise<void> {
  const content = files.get(id) as string
  const at = content.indexOf('"data":"') + 20
  const changed = content[at] === 'A' ? 'B' : 'A'
  await chmod(join(folder(), id), 0o600)
  await writeFile(join(folder(), id), content.slice(0, at) + changed + content.slice(at + 1))
}

beforeAll(async () => {
  bench = await openBench()
  first = (await currentKey(bench.restic, bench.access))?.id as string
  spare = await addKey(bench.restic, bench.access, bench.access.password, label)
  for (const id of await readdir(folder())) files.set(id, await readFile(join(folder(), id), 'utf8'))
})
beforeEach(async () => {
  await rm(folder(), { recursive: true, force: true })
  await mkdir(folder())
  for (const [id, content] of files) await writeFile(join(folder(), id), content)
})
afterAll(() => bench?.remove())

describe('keys', () => {
  it('are added for another password or for the same, listed with their labels, and removed', async () => {
    const { restic, access } = bench
    const id = await addKey(restic, access, other, label)
    const opened = await listKeys(restic, { ...access, password: other })
    expect(opened.map((key) => [key.id, key.isCurrent])).toEqual(
      expect.arrayContaining([
        [id, true],
        [first, false],
        [spare, false],
      ]),
    )
    expect(opened.find((key) => key.id === id)).toMatchObject(label)
    await removeKey(restic, withHint(access, first), id)
    await removeKey(restic, withHint(access, first), id)
    expect(await listKeyIds(restic, access)).not.toContain(id)
    await expect(openRepository(restic, { ...access, password: other })).rejects.toThrow(
      code('REPOSITORY_WRONG_PASSWORD'),
    )
  })

  it('that are in use stay, and it is said that they do', async () => {
    const { restic, access } = bench
    await expect(removeKey(restic, withHint(access, first), first)).rejects.toThrow(code('REPOSITORY_KEY_STAYS'))
  })

  it('are read byte for byte, whether from the folder or by restic', async () => {
    const { restic, access } = bench
    expect(await keyFile(restic, access, spare)).toBe(files.get(spare))
    const content = await keyFile(restic, { ...access, location: `local:${access.location}` }, spare)
    expect(content).toBe(files.get(spare))
    expect(isKeyFile(spare, content)).toBe(true)
    expect(isKeyFile(first, content)).toBe(false)
  })
})

describe('a damaged key file', () => {
  it('keeps everybody out, but not with the hint of a sound key; then it is found and removed', async () => {
    const { restic, access } = bench
    await damage(first)
    await rm(join(folder(), spare)) // restic might read it first
    await expect(openRepository(restic, withHint(access, first))).rejects.toThrow(code('REPOSITORY_KEY_DAMAGED'))
    await writeFile(join(folder(), spare), files.get(spare) as string)
    const hinted = withHint(access, spare)
    await openRepository(restic, hinted)
    expect(await damagedKeys(restic, hinted)).toEqual([first])
    await expect(keyFile(restic, hinted, first)).rejects.toThrow(code('REPOSITORY_KEY_DAMAGED'))
    await removeKey(restic, hinted, first)
    expect(await currentKey(restic, withHint(access, first))).toMatchObject({ id: spare })
  })

  it('that is gone does no harm while another has the same password, and comes back from its content', async () => {
    const { restic, access } = bench
    await rm(join(folder(), first))
    expect(await currentKey(restic, withHint(access, first))).toMatchObject({ id: spare })
    await rm(join(folder(), spare))
    expect(await currentKey(restic, access)).toBeNull()
    await writeFile(join(folder(), first), files.get(first) as string)
    expect(await currentKey(restic, access)).toMatchObject({ id: first })
  })
})
