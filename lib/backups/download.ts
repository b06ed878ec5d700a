import { posix } from 'node:path'
import { type Duplex, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { openAccess } from '#lib/repositories/access.ts'
import type { RepositoryDeps } from '#lib/repositories/find.ts'
import { dumpPath } from '#lib/restic/dump.ts'
import { findEntry } from '#lib/restic/list-folder.ts'
import { pathInput, savedRun } from './browse.ts'

const downloadInput = z.strictObject({
  run: z.string('is missing'),
  path: pathInput,
  /** Of folders; a file comes as it is. */
  archive: z.enum(['zip', 'tar', 'tar.zst'], 'must be zip, tar or tar.zst').default('zip'),
})

export interface Download {
  content: Readable
  filename: string
  /** Of a file; null: an archive, whose size nobody knows beforehand. */
  bytes: number | null
}

/**
 * A file of a run's snapshot, or a folder as an archive, read while it is sent, in constant memory. It is noted in the audit
 * before the first byte. Where anything goes wrong, or a file has not as many bytes as the snapshot says, the stream breaks
 * and does not end. Throws FORBIDDEN, INPUT_INVALID, RUN_UNKNOWN, SNAPSHOT_GONE, SNAPSHOT_PATH_UNKNOWN, SECRET_UNREADABLE and
 * what restic finds.
 */
export async function downloadFromSnapshot(
  deps: RepositoryDeps,
  actor: Actor | null,
  raw: unknown,
  signal: AbortSignal,
): Promise<Download> {
  requireScope(actor, 'backup:restore', 'download from a snapshot')
  const { run: runId, path, archive } = parseInput(downloadInput, raw)
  const { id, snapshotId, repository } = await savedRun(deps, runId)
  const restic = await deps.restic()
  const access = await openAccess(deps, repository)
  const close = () => access[Symbol.asyncDispose]()
  try {
    const entry = path === '/' ? null : await findEntry(restic, access, snapshotId, path, signal)
    if (path !== '/' && (entry === null || entry.type === 'other'))
      throw new CodedError('SNAPSHOT_PATH_UNKNOWN', { path })
    const bytes = entry?.type === 'file' ? entry.bytes : null
    await record(deps.prisma, {
      actor,
      action: 'snapshot.download',
      target: { type: 'run', id },
      details: { path, bytes },
    })
    const form = archive === 'zip' ? ('zip' as const) : ('tar' as const)
    const request = { snapshotId, path, signal, ...(bytes === null && { archive: form }) }
    const plain = counted(await dumpPath(restic, access, request), bytes)
    const content = bytes === null && archive === 'tar.zst' ? through(plain, createZstdCompress()) : plain
    content.once('close', () => void close())
    const name = path === '/' ? `snapshot-${snapshotId.slice(0, 8)}` : posix.basename(path)
    return { content, bytes, filename: bytes === null ? `${name}.${archive}` : name }
  } catch (error) {
    await close()
    throw error
  }
}

/** Breaks at the end when it were not that many bytes. */
function counted(from: Readable, bytes: number | null): Readable {
  let seen = 0
  return through(
    from,
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        seen += chunk.length
        done(null, chunk)
      },
      flush(done) {
        const isWhole = bytes === null || seen === bytes
        done(isWhole ? null : new CodedError('DOWNLOAD_BROKEN', { expected: bytes ?? 0, found: seen }))
      },
    }),
  )
}

/** What comes out of `into`; an error of either breaks it. */
function through<T extends Duplex>(from: Readable, into: T): T {
  pipeline(from, into).catch(() => {}) // the error is the stream's own
  return into
}
