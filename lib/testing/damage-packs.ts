import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const LARGE_BYTES = 500_000

/** Changes one byte of each large pack of a local repository, as a disk may. */
export async function damageLargePacks(location: string): Promise<void> {
  const data = join(location, 'data')
  for (const name of await readdir(data, { recursive: true })) {
    const pack = join(data, name)
    const found = await stat(pack)
    if (!found.isFile() || found.size < LARGE_BYTES) continue
    const bytes = await readFile(pack)
    bytes[1000] = (bytes[1000] as number) ^ 1
    await chmod(pack, 0o600)
    await writeFile(pack, bytes)
  }
}
