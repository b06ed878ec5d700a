import { listNodes, type Node } from './list-nodes.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import type { OnStarted } from './run.ts'

export interface Listed {
  /** Files and symlinks. */
  files: number
  /** Of the files. */
  bytes: number
}

export interface CountRequest {
  /** Absolute: only these and what is below them. Empty: everything. */
  paths?: readonly string[]
  /** Of these nothing is counted. */
  isLeftOut?(path: string): boolean
  /** Gets those of `paths` that are in the snapshot. */
  seen?: Set<string>
  signal: AbortSignal
  onStarted?: OnStarted
  onFile?(files: number): void
  /** Gets each folder that is wanted, or around what is. */
  onFolder?(path: string): void
}

/** How much a snapshot holds by its own listing; each name of a file with several counts. In constant memory. */
export async function countListed(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  { paths = [], isLeftOut, seen, signal, onStarted, onFile, onFolder }: CountRequest,
): Promise<Listed> {
  const count: Listed = { files: 0, bytes: 0 }
  for await (const node of listNodes(restic, access, snapshotId, { signal, onStarted })) {
    const within = paths.filter((one) => isAt(node, one))
    for (const one of within) seen?.add(one)
    const isWanted = (paths.length === 0 || within.length > 0) && !isLeftOut?.(node.path)
    if (node.type === 'dir' && (isWanted || paths.some((one) => isAt({ path: one }, node.path)))) onFolder?.(node.path)
    if (!isWanted || (node.type !== 'file' && node.type !== 'symlink')) continue
    count.files += 1
    count.bytes += node.type === 'file' ? node.size : 0
    onFile?.(count.files)
  }
  return count
}

/** Whether it is the path or below it. */
export const isAt = ({ path }: Pick<Node, 'path'>, around: string): boolean =>
  path === around || path.startsWith(around === '/' ? '/' : `${around}/`)
