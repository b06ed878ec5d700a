/**
 * Makes the sample data of the demo environment: a shop's SQLite database and a folder of uploads, the same on every
 * machine. `node scripts/demo-data.ts <folder>`; what is there already is left alone. Prints one line about it.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const CUSTOMERS = 1_500
const PRODUCTS = 250
const ORDERS = 4_000
const FILES = 320

/** Numbers that look random and are the same every time (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

const firstNames = [
  'Ada',
  'Björn',
  'Chiara',
  'Dmitri',
  'Esra',
  'Fatima',
  'Grace',
  'Hiro',
  'Ingrid',
  'João',
  'Kwame',
  'Lena',
]
const lastNames = [
  'Almeida',
  'Bauer',
  'Chen',
  'Dubois',
  'Eriksson',
  'Fischer',
  'García',
  'Hansen',
  'Ivanova',
  'Jensen',
  'Kaya',
]
const towns = ['Bergen', 'Córdoba', 'Gdańsk', 'Graz', 'İzmir', 'Leeds', 'Nantes', 'Osaka', 'Porto', 'Turin']
const things = ['lamp', 'kettle', 'notebook', 'backpack', 'chair', 'mug', 'scarf', 'clock', 'blanket', 'bottle']
const colours = ['blue', 'green', 'grey', 'ochre', 'red', 'white']

const schema = `
  CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, town TEXT NOT NULL, joined TEXT NOT NULL);
  CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL CHECK (price_cents > 0));
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, placed TEXT NOT NULL, note TEXT);
  CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders, line INTEGER NOT NULL, product_id INTEGER NOT NULL REFERENCES products,
    quantity INTEGER NOT NULL, PRIMARY KEY (order_id, line)) WITHOUT ROWID;
  CREATE INDEX orders_by_customer ON orders (customer_id);`

function makeShop(path: string): number {
  const random = randomNumbers(1)
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const day = () => `2025-${String(1 + random(12)).padStart(2, '0')}-${String(1 + random(28)).padStart(2, '0')}`
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ${schema} BEGIN`)
  const customer = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?)')
  for (let id = 1; id <= CUSTOMERS; id += 1) {
    customer.run(id, `${pick(firstNames)} ${pick(lastNames)}`, `customer${id}@example.org`, pick(towns), day())
  }
  const product = database.prepare('INSERT INTO products VALUES (?, ?, ?)')
  for (let id = 1; id <= PRODUCTS; id += 1)
    product.run(id, `${pick(colours)} ${pick(things)} no. ${id}`, 250 + random(20_000))
  const order = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?)')
  const line = database.prepare('INSERT INTO order_lines VALUES (?, ?, ?, ?)')
  let rows = CUSTOMERS + PRODUCTS + ORDERS
  for (let id = 1; id <= ORDERS; id += 1) {
    order.run(
      id,
      1 + random(CUSTOMERS),
      day(),
      random(5) === 0 ? 'Please ring twice, "thank you" — and mind the dog' : null,
    )
    const lines = 1 + random(4)
    for (let number = 1; number <= lines; number += 1) line.run(id, number, 1 + random(PRODUCTS), 1 + random(3))
    rows += lines
  }
  database.exec('COMMIT')
  database.close()
  return rows
}

function makeUploads(folder: string): number {
  const random = randomNumbers(2)
  let bytes = 0
  for (let number = 1; number <= FILES; number += 1) {
    const parent = join(folder, ['letters', 'records', 'pictures', 'größe & co'][number % 4] ?? '', String(number % 10))
    mkdirSync(parent, { recursive: true })
    const [name, content] = makeFile(number, random)
    writeFileSync(join(parent, name), content)
    bytes += content.length
  }
  return bytes
}

function makeFile(number: number, random: (below: number) => number): [string, Buffer] {
  if (number % 4 === 0) {
    const line = `Letter ${number}: the ${colours[random(colours.length)]} ${things[random(things.length)]} has arrived.\n`
    return [`letter-${number}.txt`, Buffer.from(line.repeat(20 + random(200)))]
  }
  if (number % 4 === 1) {
    const records = Array.from({ length: 20 + random(60) }, (_, id) => ({
      id,
      town: towns[random(towns.length)],
      total: random(100_000),
    }))
    return [`records-${number}.json`, Buffer.from(JSON.stringify(records, null, 2))]
  }
  return [`picture-${number}.bin`, Buffer.from(Uint8Array.from({ length: 5_000 + random(40_000) }, () => random(256)))]
}

const [folder] = process.argv.slice(2)
if (!folder) throw new Error('usage: node scripts/demo-data.ts <folder>')
if (existsSync(join(folder, 'shop.sqlite')) && existsSync(join(folder, 'uploads'))) {
  console.log('demo data is there')
} else {
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true, mode: 0o700 })
  const rows = makeShop(join(partial, 'shop.sqlite'))
  const bytes = makeUploads(join(partial, 'uploads'))
  rmSync(folder, { recursive: true, force: true })
  renameSync(partial, folder)
  console.log(`demo data made: a shop database of ${rows} rows, ${FILES} files of ${(bytes / 1e6).toFixed(1)} MB`)
}
