import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'

const file = z.object({ file: z.string().regex(/^[a-zA-Z0-9_.-]+$/), bytes: z.number(), sha256: z.string() })
const column = z.object({
  name: z.string(),
  /** As the database names it, in full: `numeric(38,10)`, `app.mood`. */
  type: z.string(),
  /** SQLite, where a value has a type of its own: those found in the column, NULL left out. */
  storage: z.array(z.enum(['integer', 'real', 'text', 'blob'])).optional(),
})

/** Written last: exports without one are not whole. */
export const manifestSchema = z.object({
  snapshotAt: z.string(),
  /** Of the database. */
  kind: z.enum(['postgres', 'sqlite']).optional(),
  /** In the CSV files, values that a spreadsheet takes for formulas have a ’ before them. */
  spreadsheetSafe: z.boolean().default(false),
  exports: z.array(
    z.object({
      name: z.string(),
      /** The table as the settings named it; null for a query. */
      table: z.string().nullable().default(null),
      rows: z.number(),
      columns: z.array(column),
      csv: file,
      ndjson: file,
    }),
  ),
})

export type Manifest = z.infer<typeof manifestSchema>
export type Column = z.infer<typeof column>
export type ExportEntry = Manifest['exports'][number]
export const MANIFEST = 'manifest.json'

/** Of all exports together. */
export const rowsOf = ({ exports }: Manifest): number => exports.reduce((sum, one) => sum + one.rows, 0)

/** Finds the manifest somewhere below `folder` and compares every file that it names: size, hash and number of rows. */
export async function verifyExports(
  folder: string,
  signal: AbortSignal,
): Promise<{ folder: string; manifest: Manifest }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found = entries.filter((entry) => entry.isFile() && entry.name === MANIFEST)
  const [only] = found
  if (only === undefined || found.length > 1) throw wrong(`there are ${found.length} manifests instead of one`)
  const path = join(only.parentPath, only.name)
  const text = await readFile(path, 'utf8')
  const parsed = manifestSchema.safeParse(parseJson(text))
  if (!parsed.success) throw wrong('its manifest cannot be read')
  for (const entry of parsed.data.exports) {
    for (const part of [entry.csv, entry.ndjson]) {
      const is = await digest(join(dirname(path), part.file), signal).catch((thrown: unknown) => {
        signal.throwIfAborted()
        throw wrong(`${part.file} cannot be read`, thrown)
      })
      if (is.bytes !== part.bytes) throw wrong(`${part.file} has ${is.bytes} bytes instead of ${part.bytes}`)
      if (is.sha256 !== part.sha256) throw wrong(`${part.file} has other content than when it was saved`)
      if (part === entry.ndjson && is.lines !== entry.rows)
        throw wrong(`${part.file} has ${is.lines} rows instead of ${entry.rows}`)
    }
  }
  return { folder: dirname(path), manifest: parsed.data }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

async function digest(path: string, signal: AbortSignal) {
  const hash = createHash('sha256')
  let bytes = 0
  let lines = 0
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
  }
  return { bytes, lines, sha256: hash.digest('hex') }
}

function wrong(reason: string, cause?: unknown) {
  return new CodedError('RESTORE_CONTENT_WRONG', { what: `the user data (${basename(MANIFEST)})`, reason }, { cause })
}
