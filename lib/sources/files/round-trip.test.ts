import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import {
  chmod,
  chown,
  link,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backupPaths } from '#lib/restic/backup.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { type Bench, openBench, request } from '#lib/restic/testing/bench.ts'
import { temporaryContext } from '../conformance-context.ts'
import type { DriverContext } from '../driver.ts'
import { filesDriver } from './driver.ts'
import { joinBytes, walk } from './tree.ts'

/** Trees as people have them, through the driver and restic and back: all that a file system holds of them is compared. */
const signal = new AbortController().signal
const isRoot = process.getuid?.() === 0
const isCi = process.env.CI === 'true'
const HOLE = 256 * 1024 ** 2
let bench: Bench

beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.remove())

const missing = !['setfacl', 'setfattr', 'getfattr'].every((name) => existsSync(join('/usr/bin', name)))

const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' })

/** Everything of a tree that must come back, by path. Change times, inode numbers and access times cannot. */
async function describeTree(root: string): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {}
  const firstWithInode = new Map<bigint, string>()
  for await (const { path, relative } of walk(Buffer.from(root), signal)) {
    const stats = await lstat(path, { bigint: true })
    const key = relative.toString('latin1')
    const { mode, uid, gid, nlink, rdev, mtimeNs, size } = stats
    const common = { mode, uid, gid, mtimeNs, ...(stats.isDirectory() ? {} : { nlink }) }
    if (stats.isSymbolicLink()) all[key] = { ...common, to: (await readlink(path, 'buffer')).toString('latin1') }
    else if (stats.isFile()) {
      const hash = createHash('sha256')
      await pipeline(createReadStream(path), hash)
      const sameAs = firstWithInode.get(stats.ino) ?? key
      firstWithInode.set(stats.ino, sameAs)
      all[key] = { ...common, size, sha256: hash.digest('hex'), sameAs }
    } else all[key] = { ...common, rdev }
  }
  const attributes = run(
    'getfattr',
    '--recursive',
    '--physical',
    '--no-dereference',
    '--dump',
    '--match=^(user|system)\\.',
    '--absolute-names',
    root,
  )
  return { ...all, attributes: attributes.replaceAll(root, '').split('\n\n').sort() }
}

async function makeHole(path: string, bytes: number) {
  const file = await open(path, 'w')
  await file.write('start', 0)
  await file.write('middle', bytes / 2)
  await file.truncate(bytes)
  await file.close()
}

/** A tree with all that is odd, so far as this user may make it. */
async function makeTree(root: string) {
  await mkdir(join(root, 'empty'), { recursive: true })
  await mkdir(join(root, 'closed'))
  const deep = join(root, ...Array.from({ length: 40 }, (_, i) => `folder ${i} ${'n'.repeat(60)}`))
  await mkdir(deep, { recursive: true })
  await writeFile(join(deep, 'deep'), 'deep')
  for (const name of ['plain', 'new\nline', '-rf', ' lead', 'größe ☂', 'n'.repeat(255)])
    await writeFile(join(root, name), name)
  await writeFile(Buffer.concat([Buffer.from(`${root}/bytes `), Buffer.from([0xe2, 0x98, 0xff, 0x80])]), 'bytes')
  const folder = Buffer.concat([Buffer.from(`${root}/folder `), Buffer.from([0xff])])
  await mkdir(folder)
  await writeFile(joinBytes(folder, Buffer.from('in')), 'in')
  await makeHole(join(root, 'sparse'), HOLE)
  await link(join(root, 'plain'), join(root, 'empty', '..', 'linked'))
  await link(join(root, 'plain'), join(deep, 'linked too'))
  await symlink('nowhere at\nall', join(root, 'dangling'))
  await symlink('/etc/hostname', join(root, 'way out'))
  await symlink('.', join(root, 'loop'))
  run('mkfifo', join(root, 'pipe'))
  if (isRoot) {
    run('mknod', join(root, 'device'), 'c', '1', '3')
    await chown(join(root, 'größe ☂'), 12345, 54321)
  }
  run('setfacl', '-m', 'u:12345:r--,g:54321:rw-', join(root, 'plain'))
  run('setfacl', '-d', '-m', 'u:12345:rwx', join(root, 'empty'))
  run('setfattr', '-n', 'user.comment', '-v', 'kept', join(root, 'plain'))
  run('setfattr', '-n', 'user.on.folder', '-v', '0x00ff', join(root, 'empty'))
  await chmod(join(root, '-rf'), 0o4711)
  await writeFile(join(root, 'closed', 'in'), 'in')
  await chmod(join(root, 'closed', 'in'), 0o400)
  await utimes(join(root, 'plain'), 1, 1_234_567_890.123)
  await lutimes(join(root, 'dangling'), 1, 1_000_000_000)
  await utimes(join(root, 'empty'), 1, 1_100_000_000)
  await chmod(join(root, 'closed'), 0o550)
  await utimes(root, 1, 1_200_000_000)
}

async function saveAndRestore(root: string, context: DriverContext, restored: string, target: string) {
  const settings = filesDriver.settings.parse({ paths: [root] })
  const copy = await filesDriver.open(settings, context)
  if (copy.shape !== 'paths') throw new Error('a source of files is a list of paths')
  const saved = await backupPaths(bench.restic, bench.access, { ...request(), ...copy })
  expect(saved).toMatchObject({ partial: false, unreadable: [] })
  await copy.close()
  await restoreSnapshot(bench.restic, bench.access, { snapshotId: saved.snapshotId, target: restored, signal })
  return filesDriver.restore(settings, restored, context, target)
}

describe.skipIf(missing && !isCi)(
  `Everything of a tree comes back${missing ? ' (needs the Debian packages acl and attr)' : ''}`,
  () => {
    const elsewhere = '/dev/shm'
    test.each(['on the same disk', 'on another disk'])('%s', async (where) => {
      await using place = await temporaryContext()
      const root = join(place.dir, 'data')
      await makeTree(root)
      const other =
        where === 'on another disk'
          ? await mkdtemp(join(elsewhere, 'restored-'))
          : await mkdtemp(join(place.dir, 'target-'))
      try {
        if (where === 'on another disk') expect((await lstat(other)).dev).not.toBe((await lstat(place.dir)).dev)
        const before = await describeTree(root)
        const context = { ...place.context, storageRoots: [place.dir, other] }
        const receipt = await saveAndRestore(root, context, join(place.dir, 'restored'), other)
        const back = join(other, root)
        expect(await describeTree(back)).toEqual(before)
        expect(receipt.inventory).toEqual(
          await filesDriver.inspect(filesDriver.settings.parse({ paths: [root] }), context),
        )
        const sparse = await lstat(join(back, 'sparse'))
        expect(sparse.size).toBe(HOLE)
        expect(sparse.blocks * 512).toBeLessThan(HOLE / 100)
        expect((await readdir(other)).filter((name) => name.startsWith('.restoring'))).toEqual([])
      } finally {
        run('chmod', '-R', 'u+rwX', place.dir, other) // only root can remove what is in a closed folder
        await rm(other, { recursive: true, force: true })
      }
    })
  },
)

test.skipIf(!isRoot && !isCi)('A copy to a disk that is too small replaces nothing (needs root to mount)', async () => {
  await using place = await temporaryContext()
  const [root, small] = [join(place.dir, 'data'), join(place.dir, 'small')]
  await mkdir(root)
  await mkdir(small)
  await writeFile(join(root, 'a'), 'new')
  await writeFile(join(root, 'b'), Buffer.alloc(600_000, 'x'))
  run('mount', '-t', 'tmpfs', '-o', 'size=500k', 'tmpfs', small)
  try {
    await mkdir(join(small, root), { recursive: true })
    await writeFile(join(small, root, 'a'), 'old')
    const restoring = saveAndRestore(root, place.context, join(place.dir, 'restored'), small)
    await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_COPY_FAILED' })
    expect(run('cat', join(small, root, 'a'))).toBe('old')
    expect(await readdir(join(small, root))).toEqual(['a'])
  } finally {
    run('umount', small)
  }
})
