import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { stringify } from 'csv-stringify/sync'
import type { ExportEntry } from './manifest.ts'

/** NULL is nothing between the commas, an empty text is "": the two can be told apart. */
const CSV = { quoted_match: /^$|^\s|\s$/, record_delimiter: 'unix' } as const

const BUFFER_CHARS = 64 * 1024
const ROWS_PER_BATCH = 500

/** Writes one export as two files, in constant memory. Files are made anew; `end` or `abandon` closes them. */
export class ExportWriter {
  readonly #name: string
  readonly #columns: ExportEntry['columns']
  readonly #csv: HashedFile
  readonly #ndjson: HashedFile
  #pending: (string | null)[][] = []
  #rows = 0

  constructor(folder: string, name: string, columns: ExportEntry['columns']) {
    this.#name = name
    this.#columns = columns
    this.#csv = new HashedFile(folder, `${name}.csv`)
    this.#ndjson = new HashedFile(folder, `${name}.ndjson`)
    this.#csv.append(stringify([columns.map((column) => column.name)], CSV))
  }

  /** The values as text, and the whole row as JSON without line breaks. Wait for it before the next row. */
  async row(values: (string | null)[], json: string): Promise<void> {
    this.#rows += 1
    this.#pending.push(values)
    this.#ndjson.append(`${json}\n`)
    if (this.#pending.length >= ROWS_PER_BATCH || this.#ndjson.isFull) await this.#flush()
  }

  async #flush(): Promise<void> {
    this.#csv.append(stringify(this.#pending, CSV)) // one call for each row made the whole export half as fast
    this.#pending = []
    await this.#csv.flush()
    await this.#ndjson.flush()
  }

  async end(): Promise<ExportEntry> {
    await this.#flush()
    const [csv, ndjson] = [await this.#csv.end(), await this.#ndjson.end()]
    return { name: this.#name, rows: this.#rows, columns: this.#columns, csv, ndjson }
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
