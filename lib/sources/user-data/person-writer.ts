import { CodedError } from '#lib/errors/coded-error.ts'
import { csvHeader, csvLine } from '../exports/csv.ts'
import { type Column, type ExportEntry, MANIFEST, type Manifest } from '../exports/manifest.ts'
import type { Reading, Row } from '../exports/reading.ts'
import type { Selection } from '../exports/selection.ts'
import { openPersonFile, type PersonRoot, walkPerson } from './person-files.ts'
import type { ZipEntry, ZipWriter } from './zip-writer.ts'

/** As of a whole export, and what is a person's alone. */
export interface PersonManifest extends Manifest {
  person: string
  /** Exports of the source for which the settings do not say what belongs to whom. */
  leftOut: string[]
  files: ExportEntry['csv'][]
  /** What lies among the person's files and is no file. */
  filesLeftOut: { file: string; because: string }[]
}

interface OpenTable {
  selection: Selection
  entry: ZipEntry
}

/** Turns what is read of a person into entries of a ZIP. Each selection comes twice: first as CSV, then as NDJSON. */
export class PersonWriter implements Omit<Reading, 'begin'> {
  readonly #zip: ZipWriter
  readonly #manifest: PersonManifest
  readonly #signal: AbortSignal
  readonly #progress: (bytes: number) => void
  #written = 0
  #table: OpenTable | null = null
  #csv: { file: ExportEntry['csv']; rows: number } | null = null

  constructor(zip: ZipWriter, manifest: PersonManifest, signal: AbortSignal, progress: (bytes: number) => void) {
    this.#zip = zip
    this.#manifest = manifest
    this.#signal = signal
    this.#progress = progress
  }

  async open(selection: Selection, columns: Column[]): Promise<void> {
    const entry = this.#zip.begin(`${selection.name}.${selection.want}`, this.#time)
    if (selection.want === 'csv') await entry.text(csvHeader(columns, this.#manifest.spreadsheetSafe))
    this.#table = { selection, entry }
  }

  async rows(rows: readonly Row[]): Promise<void> {
    const { selection, entry } = this.#table as OpenTable
    let text = ''
    for (const { values, json } of rows)
      text += selection.want === 'csv' ? csvLine(values, this.#manifest.spreadsheetSafe) : `${json}\n`
    await entry.text(text)
    this.#moved(text.length)
  }

  async close(rows: number, columns: Column[]): Promise<void> {
    const { selection, entry } = this.#table as OpenTable
    const file = await entry.end()
    if (selection.want === 'csv') {
      this.#csv = { file, rows }
      return
    }
    const { name, table } = selection
    const csv = this.#csv as { file: ExportEntry['csv']; rows: number }
    if (csv.rows !== rows) {
      const reason = `it gave ${csv.rows} rows, and ${rows} when it was asked again; it must not depend on chance or time`
      throw new CodedError('SOURCE_QUERY_FAILED', { name, reason })
    }
    this.#manifest.exports.push({ name, table, rows, columns, csv: csv.file, ndjson: file })
  }

  async files(root: PersonRoot): Promise<void> {
    for await (const found of walkPerson(root, this.#signal)) {
      if ('because' in found) this.#manifest.filesLeftOut.push(found)
      else this.#manifest.files.push(await this.#copy(found.file, found.path))
    }
  }

  async manifest(): Promise<void> {
    const entry = this.#zip.begin(MANIFEST, this.#time)
    await entry.text(`${JSON.stringify(this.#manifest, null, 2)}\n`)
    await entry.end()
  }

  async #copy(file: string, path: Buffer): Promise<ExportEntry['csv']> {
    const handle = await openPersonFile(path)
    const entry = this.#zip.begin(file, (await handle.stat()).mtime)
    for await (const chunk of handle.createReadStream() as AsyncIterable<Buffer>) {
      await entry.bytes(chunk)
      this.#moved(chunk.length)
    }
    return entry.end()
  }

  #moved(bytes: number): void {
    this.#written += bytes
    this.#progress(this.#written)
  }

  get #time(): Date {
    return new Date(this.#manifest.snapshotAt)
  }
}
