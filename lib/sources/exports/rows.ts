/** Which rows are loaded, and what becomes of those that are there already. */
export interface RowsWish {
  /**
   * REFUSE: tables that hold something are refused. SKIP: rows that are there stay. REPLACE: those with the same primary key become the
   * saved ones.
   */
  conflict: 'REFUSE' | 'SKIP' | 'REPLACE'
  /** Only the rows of one person: their id, compared as text. */
  person: string | null
}

export interface RowsLoaded {
  inserted: number
  replaced: number
  /** Of those that were there. */
  skipped: number
  /** Exports of which nothing says which rows are whose: nothing of them was loaded. */
  leftOut: string[]
}

/** The column of an export that holds the person's id; null: all rows are wanted. */
export type PersonColumns = ReadonlyMap<string, string> | null

/** The exports that are loaded, and the names of those that cannot be told apart by person. */
export function wantedOf<E extends { name: string; columns: readonly { name: string }[] }>(
  exports: readonly E[],
  columns: PersonColumns,
): { wanted: E[]; leftOut: string[] } {
  const isTold = ({ name, columns: held }: E) =>
    columns === null || held.some((column) => column.name === columns.get(name))
  return { wanted: exports.filter(isTold), leftOut: exports.filter((one) => !isTold(one)).map(({ name }) => name) }
}

/** As they are counted up, export by export. */
export const noRows = (leftOut: string[] = []): RowsLoaded => ({ inserted: 0, replaced: 0, skipped: 0, leftOut })
