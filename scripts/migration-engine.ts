/**
 * Prisma's schema engine as WebAssembly, to compare migrations with the schema offline: the native engine would have to be
 * downloaded. Only needed to author migrations and to test that they are complete; applying them is lib/database/migrate.ts.
 */
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'

const root = fileURLToPath(new URL('..', import.meta.url))
const migrations = join(root, 'prisma/migrations')
const CHAR_OID = 18
const TEXT_OID = 25

/** What the adapter lacks for the engine: scripts of many statements, and columns of the internal type "char". */
// biome-ignore lint/suspicious/noExplicitAny: the adapter's internals have no types
function patched(adapter: any): any {
  adapter.executeScript = (sql: string) => adapter.client.query(sql).then(() => {}, adapter.onError.bind(adapter))
  const perform = adapter.performIO.bind(adapter)
  const query = adapter.queryRaw.bind(adapter)
  let chars: number[] = []
  adapter.performIO = async (request: unknown) => {
    const result = await perform(request)
    chars = []
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== CHAR_OID) continue
      field.dataTypeID = TEXT_OID
      chars.push(index)
    }
    return result
  }
  adapter.queryRaw = async (request: unknown) => {
    const result = await query(request)
    for (const index of chars) result.columnTypes[index] = ColumnTypeEnum.Character
    return result
  }
  return adapter
}

interface Connection {
  host: string
  port: number
  user: string
  password: string
  database: string
  max: number
}

class MigrationAdapter extends PrismaPg {
  readonly #connection: Connection

  constructor(connection: Connection) {
    super(connection)
    this.#connection = connection
  }

  override async connect() {
    return patched(await super.connect())
  }

  override async connectToShadowDb() {
    const main = await this.connect()
    const database = `prisma_shadow_${randomUUID()}`
    await main.executeScript(`create database "${database}"`)
    const shadow = await new MigrationAdapter({ ...this.#connection, database }).connect()
    const end = shadow.dispose.bind(shadow)
    shadow.dispose = async () => {
      await end()
      await main.executeScript(`drop database "${database}" with (force)`)
      await main.dispose()
    }
    return shadow
  }
}

/** The SQL that leads from the committed migrations to prisma/schema.prisma; '' when they agree. `url` names any scratch database. */
export async function missingMigration(url: string): Promise<string> {
  const engine = await openEngine(url)
  const schema = await readFile(join(root, 'prisma/schema.prisma'), 'utf8')
  const { stdout, exitCode } = await engine.diff({
    from: { tag: 'migrations', ...(await committed()) },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
    script: true,
    exitCode: true,
    shadowDatabaseUrl: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  return exitCode === 2 ? stdout : ''
}

async function openEngine(url: string) {
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: () => {} } })
  const glueUrl = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const glue = await import(glueUrl)
  const { instance } = await WebAssembly.instantiate(
    await readFile(fileURLToPath(new URL('./schema_engine_bg.wasm', glueUrl))),
    { './schema_engine_bg.js': glue },
  )
  glue.__wbg_set_wasm(instance.exports)
  ;(instance.exports as { __wbindgen_start(): void }).__wbindgen_start()
  const { hostname, port, username, password, pathname } = new URL(url)
  const connection = {
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    max: 2,
  }
  return glue.SchemaEngine.new({}, () => {}, bindMigrationAwareSqlAdapterFactory(new MigrationAdapter(connection)))
}

async function committed() {
  const entries = await readdir(migrations, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return {
    baseDir: migrations,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(join(migrations, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.sort().map(async (path) => ({
        path,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok', value: await readFile(join(migrations, path, 'migration.sql'), 'utf8') },
        },
      })),
    ),
  }
}
