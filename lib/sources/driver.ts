import type { Readable, Writable } from 'node:stream'
import type { z } from 'zod'
import type { Secret } from '#lib/secrets/secret.ts'
import type { RowsLoaded, RowsWish } from './exports/rows.ts'
import type { SourceKind, SourceType } from './kinds.ts'
import type { ScratchPlace } from './scratch-place.ts'

/** Where verifications load what is of PostgreSQL. */
export interface ScratchPostgres {
  /**
   * Starts, at the first call, a server of this machine's own with nothing in it, which is gone after the verification. Answers its
   * URL, of a superuser.
   */
  start(): Promise<Secret>
  /** A server that the operator gives for databases instead, and a name that nothing on it has. The driver makes and removes that. */
  given: { url: Secret; name: string } | null
}

/** What a driver gets. No database, no queue, no restic and no process environment: a driver cannot reach them. */
export interface DriverContext {
  /** Aborted when the run is cancelled or its worker stops. Everything a driver starts must end with it. */
  signal: AbortSignal
  /** An empty folder (0700) of this run's own, removed after the run. Its path is the same for every run of a source. */
  scratch: string
  /**
   * A folder of this source's own that stays between its runs, at a fixed path and on the file system of `scratch`. It need
   * not exist yet: a driver that needs it makes it (0700). Nothing in it may be needed for a restore.
   */
  kept: string
  /** One line of the run's log. */
  log(level: 'debug' | 'info' | 'warning' | 'error', message: string): void
  /** Folders that the machine's operator allows files sources to read, symlinks resolved. */
  storageRoots: readonly string[]
  /** Extra folders to look for programs in, before the system's own. */
  toolPath: readonly string[]
  /** Instead of the system's own folders (see programs.ts); tests pass an empty list to be without any program. */
  systemToolPath?: readonly string[]
  /** The file in which the machine's operator allows programs for command sources; null: none is allowed. */
  commandsFile: string | null
  /** The URL of the program's own database, for the driver that saves the installation itself. Null in tests of others. */
  installation: Secret | null
  /** Null but for verifications. */
  scratchPostgres: ScratchPostgres | null
  /** For a restore: leaves out what belongs to accounts of the server that the copy came from, owners and rights. */
  withoutOwners: boolean
  /** The part that this run saves: a key that `parts` gave. Empty: the whole source. */
  part: string
  /**
   * Bytes read so far while `open` or `restore` makes its copy. A driver that copies for long calls it at least every few
   * minutes: a run in which nothing moves for STALL_TIMEOUT is ended.
   */
  progress(bytes: number): void
}

export interface SourceProbe {
  /** One line for people: "PostgreSQL 16.4, 3 tables". */
  summary: string
  /** An estimate of what a backup reads, in bytes; null when it cannot be known quickly. */
  bytes: number | null
  /** The program that makes the copy; null where none is needed. */
  tool: { name: string; version: string } | null
  /** What a backup will leave out or cannot promise, whole sentences for people: a table without transactions, for one. */
  warnings: string[]
}

/** One of the things that a source saves by a run each, such as the databases of a server. */
export interface SourcePart {
  /** Fixed and unique within the source: `database:shop`, `globals`. It is stored with the run and goes into a tag. */
  key: string
  /** For people. */
  name: string
}

/** The key of the part that is one database of a server, and back; null for other parts. */
export const databasePart = (database: string): string => `database:${database}`
export const databaseOfPart = (key: string): string | null => (key.startsWith('database:') ? key.slice(9) : null)
/** What people call a part, from its key alone: the database's name, else the key. Null: the whole source. */
export const partName = (key: string): string | null => databaseOfPart(key) ?? (key === '' ? null : key)

/** What the patterns of a source catch. Counts stop, with `complete: false`, when the time for looking is over. */
export interface SourcePreview {
  taken: { files: number; bytes: number; examples: string[] }
  leftOut: { files: number; bytes: number; examples: { path: string; because: string }[] }
  complete: boolean
}

/** Something on a server that a source could save. */
export interface Discovered {
  name: string
  bytes: number | null
}

/** How what a server holds (databases, buckets) is found, before any of it is chosen. */
export interface Discovery<Server = unknown> {
  /** The driver's settings without the choice; other fields are ignored. */
  readonly settings: z.ZodType<Server>
  /** The setting that one choice fills, such as `database` or `bucket`. Dots lead into nested ones. */
  readonly field: string
  /** The setting that takes several choices as a list, such as `databases`; absent: a source holds one. */
  readonly listField?: string
  /** Without the system's own. Rejects like `probe`. */
  find(server: Server, ctx: DriverContext): Promise<Discovered[]>
}

/**
 * Rows of each table that a copy holds, as of the moment of the copy and by the names that `inspect` uses; null: the table is
 * there, and its rows were not counted.
 */
export type TableCounts = Record<string, number | null>

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
 * - `rows`, of all tables together, is a count or the server's estimate; absent where it would take long. It is compared with
 *   those of other runs: one of which most is gone looks wrong.
 * - `tables` is asked after the copy was saved and before `close`: what verification compares a restore with. It never rejects;
 *   null when nobody counted.
 * - `close` is called exactly once, whatever happened, and leaves nothing behind.
 */
export type SourceCopy =
  | {
      shape: 'stream'
      /** The name under which the data appears in the snapshot. No slashes. */
      filename: string
      write(sink: Writable, signal: AbortSignal): Promise<void>
      rows?: number
      tables?(): Promise<TableCounts | null>
      close(): Promise<void>
    }
  | {
      shape: 'paths'
      /** Absolute. */
      include: string[]
      /** restic exclude patterns. */
      exclude: string[]
      /** Names of files: a folder that holds one is left out, but for that file. No slashes, no colons. */
      excludeIfPresent?: string[]
      /** Whether folders with a valid CACHEDIR.TAG are left out. */
      excludeCaches?: boolean
      /** Files that are larger are left out. */
      excludeLargerThanBytes?: number | null
      oneFileSystem: boolean
      rows?: number
      tables?(): Promise<TableCounts | null>
      /**
       * Asked after restic has saved: what belongs to the source and is not in the snapshot, by name. Any makes the run
       * PARTIAL. `areSaved` answers which of these absolute paths the snapshot holds.
       */
      unsaved?(areSaved: (paths: readonly string[]) => Promise<ReadonlySet<string>>): Promise<string[]>
      close(): Promise<void>
    }

export interface RestoreReceipt {
  summary: string
  inventory: Inventory
}

/**
 * What a person enters in a POSIX shell to bring a copy back without this program, line by line, comments among them. `folder` is
 * where `restic restore --target` put the snapshot, relative to where they are; `part` is as in the context. Without secrets:
 * programs ask for them, or have them from variables that a comment names.
 */
export type ByHand<Settings> = (settings: Settings, copy: { folder: string; part: string }) => string[]

export interface SourceDriver<Settings = unknown> {
  readonly kind: SourceKind
  readonly type: SourceType
  /** One parser for API, CLI and forms. Secret fields are `Secret` after parsing. */
  readonly settings: z.ZodType<Settings>
  /** The settings that are secret: stored sealed and never answered. Dots lead into nested ones: `connection.password`. */
  readonly secretFields: readonly string[]
  /**
   * The settings, none of them secret, that together name the server which the data comes from; sources with equal ones put
   * their load on the same one. Dots lead into nested ones. Absent: the data lies on the worker.
   */
  readonly serverFields?: readonly string[]
  /** What people call the kind: "PostgreSQL". */
  readonly title: string
  /** Read-only, seconds: reachable? tool present and new enough? rights there? how big? Rejects with a CodedError. */
  probe(settings: Settings, ctx: DriverContext): Promise<SourceProbe>
  /** Only kinds with patterns. Read-only; seconds, whatever the size. */
  preview?(settings: Settings, ctx: DriverContext): Promise<SourcePreview>
  /** Only kinds with servers that hold several databases. */
  readonly discovery?: Discovery
  /**
   * The parts that are saved by one run each, found at the time of the backup so that new ones are included; null when one
   * run saves it all. A run with `ctx.part` set is about that part alone, in `open`, `restore` and `inspect`.
   */
  parts?(settings: Settings, ctx: DriverContext): Promise<readonly SourcePart[] | null>
  /** Starts a copy. On rejection or abort nothing is left behind. */
  open(settings: Settings, ctx: DriverContext): Promise<SourceCopy>
  /**
   * Brings a restored snapshot into the place that `settings` names; files and exports go below `target` instead when it
   * is given. `folder` is what `restic restore --target folder` made: a stream is at folder/<filename>, a path /a/b at
   * folder/a/b. The driver may take things out of it. Any error rejects, and then databases are as they were.
   */
  restore(settings: Settings, folder: string, ctx: DriverContext, target?: string): Promise<RestoreReceipt>
  /** Only kinds whose copies are files that can be put where they were: these paths, absolute, under which they are in the snapshot. */
  originalPaths?(settings: Settings): readonly string[]
  /**
   * Only kinds that can bring a copy into a place that is new: a database on a server that the source is on, or could be on, a file, or an
   * empty server. `open` gives the settings for `restore` that name it. It rejects with RESTORE_TARGET_NOT_EMPTY where something is
   * there already, and with SOURCE_PART_UNKNOWN for parts that are no database.
   */
  readonly newPlace?: {
    /** A server is one that is there and empty. */
    readonly what: 'database' | 'file' | 'server'
    /** What its name may be; a server has none. */
    readonly name: z.ZodType<string>
    /** What the one that a copy is of is called; null: the copy is of no database, or of several. */
    original(settings: Settings, part: string): string | null
    open(settings: Settings, name: string, ctx: DriverContext): Promise<Settings>
    /**
     * Only of servers: puts a copy in the place of all that one holds, in one step, when `accept` has not thrown at what came. What it held
     * is kept in the file `kept` of the worker, as a backup of it would hold it. On rejection the server is as it was.
     */
    replace?(
      settings: Settings,
      folder: string,
      kept: string,
      accept: (inventory: Inventory) => void,
      ctx: DriverContext,
    ): Promise<RestoreReceipt>
    /** Only kinds whose places can be given another name in one step. */
    readonly aside?: {
      /** Before anything is written: rejects, as `rename` would, where what is called `name` could not be replaced. */
      check?(settings: Settings, name: string, ctx: DriverContext): Promise<void>
      /**
       * Gives a place that was made by `open` the name `name`. One that is called so stays as `kept`, and its sessions are ended; with
       * null it must not be there. Answers whether it was. Rejects, and leaves all as it was, with RESTORE_TOOL_FAILED and
       * RESTORE_TARGET_NOT_EMPTY.
       */
      rename(place: Settings, name: string, kept: string | null, ctx: DriverContext): Promise<boolean>
      /** Runs SQL in a place that was restored into. Rejects with RESTORE_TOOL_FAILED where not all of it was done: then the place is removed. */
      mask(place: Settings, sql: string, ctx: DriverContext): Promise<void>
      /** Removes a place that was made by `open`. Never rejects: the log tells what is left. */
      remove(place: Settings, ctx: DriverContext): Promise<void>
    }
  }
  /**
   * Only kinds whose copies are rows of tables: loads them into the tables that `settings` name, all or one person's, in one transaction.
   * Rejects with RESTORE_TARGET_NOT_EMPTY, RESTORE_NO_KEY, USER_DATA_PERSON_UNKNOWN, USER_DATA_NOT_PER_PERSON, RESTORE_TOOL_FAILED.
   */
  loadRows?(settings: Settings, folder: string, ctx: DriverContext, wish: RowsWish): Promise<RowsLoaded>
  /** Only kinds whose copies are worth nothing until they are loaded. Where it is absent, the files themselves are the data. */
  openScratch?(settings: Settings, ctx: DriverContext): Promise<ScratchPlace>
  /** The same without this program. */
  readonly byHand: ByHand<Settings>
  /**
   * Only kinds that know whose data is whose: all of one person as a ZIP, made while it is read. Resolves when the person is
   * known; later errors break the stream, which then looks whole to nobody. Destroying it ends the work. Writes no file.
   * Rejects with USER_DATA_PERSON_UNKNOWN, USER_DATA_NOT_PER_PERSON, INPUT_INVALID and like `open`.
   */
  exportPerson?(settings: Settings, person: string, ctx: DriverContext): Promise<Readable>
  /** What is there now, in the terms that a restore is compared in. */
  inspect(settings: Settings, ctx: DriverContext): Promise<Inventory>
}
