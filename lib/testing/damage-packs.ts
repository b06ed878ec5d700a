import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const LARGE_BYTES = 500_000

async function largePacks(location: string): Promise<string[]> {
  const data = join(location, 'data')
  const packs: string[] = []
  for (const name of await readdir(data, { recursive: true })) {
    const found = await stat(join(data, name))
    if (found.isFile() && found.size >= LARGE_BYTES) packs.push(join(data, name))
  }
  return packs
}

/** Changes one byte of each large pack of a local repository, as a disk may. */
export async function damageLargePacks(location: string): Promise<void> {
  for (const pack of await largePacks(location)) {
    const bytes = await readFile(pack)
    bytes[1000] = (bytes[1000] as number) ^ 1
    await chmod(pack, 0o600)
    await writeFile(pack, bytes)
  }
}

/** Takes each large pack of a local repository away. */
export async function removeLargePacks(location: string): Promise<void> {
  for (const pack of await largePacks(location)) await rm(pack)
}
