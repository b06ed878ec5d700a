import { matchesName } from '../name-patterns.ts'
import { type DatabaseDescription, hasRowsElsewhere, holdsRows } from './server.ts'

/** What a dump of this database leaves out or cannot promise, by name. */
export function warningsOf(
  database: DatabaseDescription,
  ignored: readonly string[],
  transactional: ReadonlySet<string>,
): string[] {
  const tables = database.tables.filter(({ name }) => !ignored.includes(name))
  const warnings: string[] = []
  const loose = tables.filter((t) => holdsRows(t) && t.engine !== null && !transactional.has(t.engine.toUpperCase()))
  const names = (list: { name: string }[]) => list.map(({ name }) => `${database.name}.${name}`).join(', ')
  if (loose.length > 0)
    warnings.push(
      `Tables without transactions (${[...new Set(loose.map((t) => t.engine))].join(', ')}) are not saved as of one moment: ` +
        `${names(loose)}. What changes in them during a backup may be saved half. Convert them to InnoDB where you can.`,
    )
  const elsewhere = tables.filter(hasRowsElsewhere)
  if (elsewhere.length > 0)
    warnings.push(
      `Only the definitions of these tables are saved, because their rows lie elsewhere: ${names(elsewhere)}.`,
    )
  const broken = tables.filter((t) => t.type === 'BASE TABLE' && t.engine === null)
  if (broken.length > 0) warnings.push(`The server cannot open these tables, so a backup will fail: ${names(broken)}.`)
  const versioned = tables.filter((t) => t.type === 'SYSTEM VERSIONED')
  if (versioned.length > 0)
    warnings.push(`Of system-versioned tables the present rows are saved, not their history: ${names(versioned)}.`)
  return warnings
}

/** The tables and views of this database that the patterns leave out. */
export function ignoredIn(database: DatabaseDescription, patterns: readonly string[] = []): string[] {
  return database.tables
    .map((table) => table.name)
    .filter((name) => patterns.some((one) => matchesName(one, name) || matchesName(one, `${database.name}.${name}`)))
}
