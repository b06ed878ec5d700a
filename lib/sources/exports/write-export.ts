import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { csvHeader, csvLine } from './csv.ts'
import type { Column, ExportEntry } from './manifest.ts'
import type { Row } from './reading.ts'
import type { Selection } from './selection.ts'

const BUFFER_CHARS = 64 * 1024

/** Writes one export as two files, in constant memory. Files are made anew; `end` or `abandon` closes them. */
export class ExportWriter {
  readonly #selection: Selection
  readonly #spreadsheetSafe: boolean
  readonly #csv: HashedFile
  readonly #ndjson: HashedFile
  #rows = 0

  constructor(folder: string, selection: Selection, columns: Column[], spreadsheetSafe: boolean) {
    this.#selection = selection
    this.#spreadsheetSafe = spreadsheetSafe
    this.#csv = new HashedFile(folder, `${selection.name}.csv`)
    this.#ndjson = new HashedFile(folder, `${selection.name}.ndjson`)
    this.#csv.append(csvHeader(columns, spreadsheetSafe))
  }

  /** Wait for it before the next rows. Resolves to about how many bytes these are. */
  async rows(rows: readonly Row[]): Promise<number> {
    let bytes = 0
    for (const { values, json } of rows) {
      bytes += json.length * 2
      this.#rows += 1
      this.#csv.append(csvLine(values, this.#spreadsheetSafe))
      this.#ndjson.append(`${json}\n`)
    }
    if (this.#ndjson.isFull || this.#csv.isFull) await this.#flush()
    return bytes
  }

  async #flush(): Promise<void> {
    await this.#csv.flush()
    await this.#ndjson.flush()
  }

  async end(columns: Column[]): Promise<ExportEntry> {
    await this.#flush()
    const [csv, ndjson] = [await this.#csv.end(), await this.#ndjson.end()]
    const { name, table } = this.#selection
    return { name, table, rows: this.#rows, columns, csv, ndjson }
  }

  abandon(): void {
    this.#csv.abandon()
    this.#ndjson.abandon()
  }
}

class HashedFile {
  readonly #file: string
  readonly #stream: WriteStream
  readonly #hash = createHash('sha256')
  #pending = ''
  #bytes = 0
  #failure: Error | null = null

  constructor(folder: string, file: string) {
    this.#file = file
    this.#stream = createWriteStream(join(folder, file), { flags: 'wx', mode: 0o600 })
    this.#stream.on('error', (error) => {
      this.#failure = error
    })
  }

  append(text: string): void {
    this.#pending += text
  }

  get isFull(): boolean {
    return this.#pending.length >= BUFFER_CHARS
  }

  async flush(): Promise<void> {
    if (this.#failure) throw this.#failure
    if (this.#pending === '') return
    const chunk = Buffer.from(this.#pending)
    this.#pending = ''
    this.#hash.update(chunk)
    this.#bytes += chunk.length
    if (!this.#stream.write(chunk)) await once(this.#stream, 'drain')
  }

  async end(): Promise<ExportEntry['csv']> {
    await this.flush()
    this.#stream.end()
    await finished(this.#stream)
    return { file: this.#file, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  abandon(): void {
    this.#stream.destroy()
  }
}
