import { execFileSync } from 'node:child_process'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'

/** A file system of its own in a folder, small enough to be filled. */
export interface SmallDisk {
  /** Leaves so much. */
  fill(bytesLeft: number): Promise<void>
  empty(): Promise<void>
  unmount(): void
}

/** Why there can be none here, or null. In CI nothing may be skipped. */
export const smallDiskMissing =
  process.getuid?.() === 0 || process.env.CI === 'true' ? null : 'only root can mount a file system'

/** Mounts one over the folder, which is made. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  const ballast = join(folder, 'ballast')
  return {
    async fill(bytesLeft) {
      const { bavail, bsize } = await statfs(folder)
      const file = await open(ballast, 'w')
      try {
        await file.writeFile(Buffer.alloc(Math.max(bavail * bsize - bytesLeft, 0)))
      } finally {
        await file.close()
      }
    },
    empty: () => rm(ballast, { force: true }),
    unmount: () => execFileSync('umount', ['-l', folder]),
  }
}
