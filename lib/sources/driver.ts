import type { Writable } from 'node:stream'
import type { z } from 'zod'
import type { SourceKind, SourceType } from './kinds.ts'

/** What a driver gets. No database, no queue, no restic and no process environment: a driver cannot reach them. */
export interface DriverContext {
  /** Aborted when the run is cancelled or its worker stops. Everything a driver starts must end with it. */
  signal: AbortSignal
  /** An empty folder (0700) of this run's own, removed after the run. Its path is the same for every run of a source. */
  scratch: string
  /** One line of the run's log. */
  log(level: 'debug' | 'info' | 'warning' | 'error', message: string): void
  /** Folders that the machine's operator allows files sources to read, symlinks resolved. */
  storageRoots: readonly string[]
  /** Extra folders to look for programs in, before the system's own. */
  toolPath: readonly string[]
  /** Instead of the system's own folders (see tools.ts); tests pass an empty list to be without any program. */
  systemToolPath?: readonly string[]
}

export interface SourceProbe {
  /** One line for people: "PostgreSQL 16.4, 3 tables". */
  summary: string
  /** An estimate of what a backup reads, in bytes; null when it cannot be known quickly. */
  bytes: number | null
}

/** What verification compares with what was restored. */
export interface Inventory {
  /** Rows per table, or null for sources without tables. */
  tables: Record<string, number> | null
  files: number | null
  bytes: number | null
}

/**
 * A copy that is being made. Obligations:
 * - `stream`: `write` makes the data appear on `sink`, which is given to a dump program as its stdout itself; the sink is
 *   never ended by the driver. Resolving means that the program said it was done and the driver believes the data whole;
 *   any doubt rejects with a CodedError. The end of a stream proves nothing. `signal` is aborted when the sink's reader
 *   died: the driver stops its program and rejects with the signal's reason, as it does when the run is cancelled.
 * - `paths`: the paths exist and are ready to be read when `open` resolves.
 * - `close` is called exactly once, whatever happened, and leaves nothing behind.
 */
export type SourceCopy =
  | {
      shape: 'stream'
      /** The name under which the data appears in the snapshot. No slashes. */
      filename: string
      write(sink: Writable, signal: AbortSignal): Promise<void>
      close(): Promise<void>
    }
  | {
      shape: 'paths'
      /** Absolute. */
      include: string[]
      /** restic exclude patterns. */
      exclude: string[]
      oneFileSystem: boolean
      close(): Promise<void>
    }

export interface RestoreReceipt {
  summary: string
  inventory: Inventory
}

export interface SourceDriver<Settings = unknown> {
  readonly kind: SourceKind
  readonly type: SourceType
  /** One parser for API, CLI and forms. Secret fields are `Secret` after parsing. */
  readonly settings: z.ZodType<Settings>
  /** The settings that are secret: stored sealed and never answered. Dots lead into nested ones: `connection.password`. */
  readonly secretFields: readonly string[]
  /** Read-only, seconds: reachable? tool present and new enough? how big? Rejects with a CodedError. */
  probe(settings: Settings, ctx: DriverContext): Promise<SourceProbe>
  /** Starts a copy. On rejection or abort nothing is left behind. */
  open(settings: Settings, ctx: DriverContext): Promise<SourceCopy>
  /**
   * Brings a restored snapshot into the place that `settings` names; files and exports go below `target` instead when it
   * is given. `folder` is what `restic restore --target folder` made: a stream is at folder/<filename>, a path /a/b at
   * folder/a/b. Any error rejects, and then databases are as they were.
   */
  restore(settings: Settings, folder: string, ctx: DriverContext, target?: string): Promise<RestoreReceipt>
  /** What is there now, in the terms that a restore is compared in. */
  inspect(settings: Settings, ctx: DriverContext): Promise<Inventory>
}
