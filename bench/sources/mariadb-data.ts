import type { MariadbServer } from '#lib/testing/mariadb-server.ts'
import { textMaker } from './text.ts'

/** Rows, for a database of that size. */
export interface MariadbSize {
  /** Rows of text, about 1 kB each. */
  documents: number
  /** Rows of numbers, dates and short words, about 80 bytes each. */
  orders: number
}

export interface MariadbData {
  database: string
  bytes(): Promise<number>
  /** One in a hundred new rows in both tables. */
  addRows(): Promise<void>
  /** Updates the newest hundredth of the rows of both. */
  updateNewest(): Promise<void>
  /** Updates a hundredth of the rows of both, spread over all of the table. */
  updateRandom(): Promise<void>
}

const TABLES = [
  `CREATE TABLE documents (id int PRIMARY KEY, author int NOT NULL, title varchar(100) NOT NULL, body text NOT NULL,
    KEY (author)) ENGINE=InnoDB`,
  `CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, placed datetime NOT NULL, total decimal(10,2) NOT NULL,
    state enum('open', 'paid', 'sent') NOT NULL, code char(12) NOT NULL, KEY (customer)) ENGINE=InnoDB`,
]
const ROWS_AT_ONCE = 500
/** Lengths of a text, evenly spread. */
const [SHORTEST, LONGEST] = [300, 1500]

/** A table of text and one of orders, in a database of their own. The same every time. */
export async function makeMariadbData(server: MariadbServer, size: MariadbSize): Promise<MariadbData> {
  const database = 'shop'
  await server.query(`CREATE DATABASE ${database}`)
  const query = (...statements: string[]) => server.query(statements, database)
  await query(...TABLES)
  const text = await textMaker(13)
  const quoted = (piece: string) => `'${piece.replaceAll("'", "''")}'` // pieces hold no backslashes
  let documents = 0
  let orders = 0
  const add = async (moreDocuments: number, moreOrders: number) => {
    for (const end = documents + moreDocuments; documents < end; ) {
      const rows: string[] = []
      while (rows.length < ROWS_AT_ONCE && documents < end) {
        documents += 1
        const body = text.piece(SHORTEST + text.number(LONGEST - SHORTEST))
        rows.push(`(${documents},${text.number(50_000)},${quoted(text.piece(30))},${quoted(body)})`)
      }
      await query(`INSERT INTO documents VALUES ${rows.join(',')}`)
    }
    await query(`INSERT INTO orders SELECT seq, CRC32(seq) % 90000, '2025-01-01' + INTERVAL seq SECOND, CRC32(-seq) % 90000 / 100,
      1 + seq % 3, LEFT(MD5(seq), 12) FROM seq_${orders + 1}_to_${orders + moreOrders}`)
    orders += moreOrders
  }
  const update = (whichDocuments: string, whichOrders: string) =>
    query(
      `UPDATE documents SET body = CONCAT(body, ' edited') WHERE ${whichDocuments}`,
      `UPDATE orders SET total = total + 1 WHERE ${whichOrders}`,
    )
  await add(size.documents, size.orders)
  const [newDocuments, newOrders] = [Math.ceil(size.documents / 100), Math.ceil(size.orders / 100)]
  return {
    database,
    async bytes() {
      await query('ANALYZE TABLE documents, orders')
      const [row] = await query(
        'SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables WHERE table_schema = database()',
      )
      return Number(row?.bytes)
    },
    addRows: () => add(newDocuments, newOrders),
    async updateNewest() {
      await update(`id > ${documents - newDocuments}`, `id > ${orders - newOrders}`)
    },
    async updateRandom() {
      await update('CRC32(id) % 100 = 0', 'CRC32(id) % 100 = 0')
    },
  }
}
