/** Everything that must be quoted to come back; `\.` alone on a line ends the data for PostgreSQL's COPY. */
const QUOTED = /^$|[",\n\r]|^\s|\s$|^\\\.$/
const FORMULA = /^[=+\-@\t\r＝＋－＠]/
const NUMBER = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/

/**
 * One line of CSV (RFC 4180, but with \n) as PostgreSQL's COPY reads it: NULL is nothing between the commas, an empty text is
 * "". With `spreadsheetSafe`, values that a spreadsheet takes for formulas get a ' in front, which changes them.
 */
export function csvLine(values: readonly (string | null)[], spreadsheetSafe: boolean): string {
  let line = ''
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as string | null
    if (i > 0) line += ','
    if (value !== null) line += field(spreadsheetSafe && isFormula(value) ? `'${value}` : value)
  }
  return `${line}\n`
}

export function csvHeader(columns: readonly { name: string }[], spreadsheetSafe: boolean): string {
  return csvLine(
    columns.map((column) => column.name),
    spreadsheetSafe,
  )
}

function field(value: string): string {
  return QUOTED.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/** As OWASP lists them (CSV Injection). A plain number is none, whatever its sign. */
function isFormula(value: string): boolean {
  return FORMULA.test(value) && !NUMBER.test(value)
}
