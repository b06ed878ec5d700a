import type { RestoreReceipt } from './driver.ts'

/** Something that a verification looked at. `problem` says what is wrong with it, in whole sentences; null: nothing. */
export interface Finding {
  what: string
  problem: string | null
}

/**
 * A place of this machine's own, apart from the source, that a copy is loaded into to see whether it can be. Everything in it,
 * servers that were started for it among them, goes with `close`, which is called exactly once.
 */
export interface ScratchPlace {
  /** For people: “PostgreSQL 18.4, a server for this alone”. */
  title: string
  /** As the driver's `restore`, into this place. */
  load(folder: string): Promise<RestoreReceipt>
  /** Reads all of what was loaded, for damage that loading it need not have met. */
  check?(): Promise<Finding[]>
  /**
   * Runs a query of one value, as a subquery so that it can change nothing, and answers the value as text; null for NULL and for
   * no row. Rejects with SOURCE_QUERY_FAILED.
   */
  ask?(sql: string): Promise<string | null>
  close(): Promise<void>
}
