import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { type OnLog, type OnStarted, runRestic, SHORT_TIMEOUT_MS } from './run.ts'
import { listSnapshotIds } from './snapshots.ts'

/** What a check found to be damaged. docs/decisions/2026-11-26-damage-is-repaired-in-steps.md has restic's words for each. */
export interface Damage {
  /** Packs with wrong content: ids. */
  brokenPacks: string[]
  /** Packs that the index knows and that are not there: ids. */
  missingPacks: string[]
  /** Directories that cannot be read, or refer to data that the index does not know: the first 8 digits of their ids. */
  damagedTrees: string[]
  /** Snapshot files that cannot be read: ids. */
  damagedSnapshots: string[]
  /** A file of the index cannot be read: nothing in the repository can, until it is rebuilt. */
  suggestRepairIndex: boolean
}

export interface SearchRequest {
  signal: AbortSignal
  timeoutMs: number
  onStarted?: OnStarted
  onLog?: OnLog
}

/** So many fit into the arguments of a process. */
const IDS_AT_ONCE = 500

/** What restic's words about problems name. There is no other place where it names them, but for packs that were read. */
export function damagedIds(problems: readonly string[]) {
  const all = (pattern: RegExp) => [
    ...new Set([...problems.join('\n').matchAll(pattern)].map((match) => match[1] ?? '')),
  ]
  const missingPacks = all(/\bpack ([0-9a-f]{64}): does not exist/g)
  return {
    missingPacks,
    brokenPacks: all(/^pack ([0-9a-f]{64})\b/gm).filter((id) => !missingPacks.includes(id)),
    damagedTrees: all(/\berror for tree ([0-9a-f]{8})\b/g),
    damagedSnapshots: all(/\bfailed to load snapshot ([0-9a-f]{8})\b/g),
  }
}

/** The ids of all snapshot files, damaged ones too, which `snapshots` passes over. */
export async function snapshotFiles(restic: Restic, access: RepositoryAccess, signal?: AbortSignal): Promise<string[]> {
  const { output } = await runRestic(restic, access, {
    command: 'list',
    args: ['snapshots', '--no-lock'],
    schema: failureMessage,
    timeoutMs: SHORT_TIMEOUT_MS,
    signal,
  })
  return output.map((line) => line.trim()).filter((line) => /^[0-9a-f]{64}$/.test(line))
}

/** `inFull`: false when not all could be looked for, so that there may be more. */
export interface Touched {
  ids: string[]
  inFull: boolean
}

/**
 * The snapshots that refer to what is damaged; of a broken pack, all that refer to anything in it. restic has no way back from a
 * pack to snapshots: it goes through the folders of every snapshot, 10 s for 5 of 20,000 files each, and reads them all from the
 * repository itself, since in the cache they may still be whole. `timeoutMs` bounds all of it.
 */
export async function touchedSnapshots(
  restic: Restic,
  access: RepositoryAccess,
  damage: Damage,
  request: SearchRequest,
): Promise<Touched> {
  if (damage.suggestRepairIndex) {
    const ids = await listSnapshotIds(restic, access, { signal: request.signal })
    return { ids: [...new Set([...ids, ...damage.damagedSnapshots])], inFull: true }
  }
  const touched = new Set(damage.damagedSnapshots)
  let inFull = true
  const deadline = AbortSignal.timeout(request.timeoutMs)
  const search = async (option: '--pack' | '--tree', ids: readonly string[]): Promise<void> => {
    const signal = AbortSignal.any([request.signal, deadline])
    if (await find(restic, access, option, ids, touched, { ...request, signal })) return
    // One pack that is not known any more makes restic refuse all.
    const half = Math.ceil(ids.length / 2)
    if (ids.length === 1) inFull = false
    else for (const part of [ids.slice(0, half), ids.slice(half)]) await search(option, part)
  }
  try {
    for (const ids of chunks([...damage.brokenPacks, ...damage.missingPacks])) await search('--pack', ids)
    for (const ids of chunks(damage.damagedTrees)) await search('--tree', ids)
  } catch (thrown) {
    if (request.signal.aborted || thrown !== deadline.reason) throw thrown
    inFull = false
  }
  return { ids: [...touched], inFull }
}

const NAMES_SNAPSHOT = /(?:"snapshot":"|belongs to snapshot )([0-9a-f]{64})\b/g

/** Adds ids of snapshots; false when restic refused. */
async function find(
  restic: Restic,
  access: RepositoryAccess,
  option: '--pack' | '--tree',
  ids: readonly string[],
  touched: Set<string>,
  { timeoutMs, signal, onStarted, onLog }: SearchRequest,
): Promise<boolean> {
  let rest = ''
  const { exit } = await runRestic(
    restic,
    access,
    {
      command: 'find',
      args: ['--no-lock', '--no-cache', ...ids.flatMap((id) => [option, id])],
      schema: failureMessage,
      timeoutMs,
      signal,
      onStarted,
      // One line of JSON of any length, which comes in pieces: an entry for each file in each snapshot. Among it, as text,
      // each snapshot with a folder that cannot be loaded.
      onOutput: (piece) => {
        const text = rest + piece
        for (const [, id = ''] of text.matchAll(NAMES_SNAPSHOT)) touched.add(id)
        rest = text.slice(-100)
      },
      onLog: (level, line) => {
        for (const [, id = ''] of line.matchAll(NAMES_SNAPSHOT)) touched.add(id)
        onLog?.(level, line)
      },
    },
    [1],
  )
  return exit.code === 0
}

function chunks(ids: readonly string[]): string[][] {
  const parts: string[][] = []
  for (let i = 0; i < ids.length; i += IDS_AT_ONCE) parts.push(ids.slice(i, i + IDS_AT_ONCE))
  return parts
}
