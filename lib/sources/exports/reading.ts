import type { Column } from './manifest.ts'
import type { Selection } from './selection.ts'

/** A row in the forms that the selection wants: the values as text, and the row as JSON in one line. */
export interface Row {
  values: readonly (string | null)[]
  json: string
}

/** Who takes what is read. Calls come one after the other; the reader waits for each. */
export interface Reading {
  /** Once, first: the moment that all rows are of. `found`: whether a row is the person's; always true without a person. */
  begin(snapshotAt: string, found: boolean): void | Promise<void>
  /** A selection's columns, before its rows. */
  open(selection: Selection, columns: Column[]): void | Promise<void>
  rows(rows: readonly Row[]): Promise<void>
  /** The selection's end, with the number of rows that were read and, where they are not the same again, better columns. */
  close(rows: number, columns: Column[]): Promise<void>
}

/** The person's id for statements with that one parameter; null for statements without. */
export type Person = string | null
