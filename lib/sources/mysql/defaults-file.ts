import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MysqlServer } from '../connections/mysql.ts'
import type { DriverContext } from '../driver.ts'
import { scratchError } from '../scratch.ts'
import type { Family } from './server.ts'

export interface DefaultsFile {
  /** Must be the program's first argument: with it no other option file is read. */
  argument: string
  remove(): Promise<void>
}

/**
 * Writes the 0600 file by which a client program of that family finds the server and gets the password.
 * `encrypted`: what came about when we signed in ourselves, which is what `prefer` means for the program.
 */
export async function writeDefaultsFile(
  server: MysqlServer,
  family: Family,
  encrypted: boolean,
  ctx: DriverContext,
): Promise<DefaultsFile> {
  const path = join(ctx.scratch, 'client.cnf')
  const authority = join(ctx.scratch, 'authority.pem')
  const remove = async () => {
    for (const file of [path, authority]) await rm(file, { force: true })
  }
  try {
    const own = { mode: 0o600, flag: 'wx' }
    const isText = server.sslRootCert !== undefined && !server.sslRootCert.startsWith('/')
    if (isText) await writeFile(authority, server.sslRootCert as string, own)
    const ca = isText ? authority : server.sslRootCert
    const tls = family === 'MariaDB' ? mariadbTls(server, encrypted, ca) : mysqlTls(server, encrypted, ca)
    const options = { ...wayTo(server), user: server.user, password: server.password?.reveal() ?? '', ...tls }
    const lines = Object.entries(options).map(([name, value]) => `${name}=${quoted(String(value))}`)
    await writeFile(path, `[client]\n${lines.join('\n')}\n`, own)
  } catch (thrown) {
    await remove()
    throw scratchError(thrown, ctx)
  }
  return { argument: `--defaults-file=${path}`, remove }
}

type Options = Record<string, string | number>

/** To both families `localhost` means a socket unless the protocol is given. */
function wayTo(server: MysqlServer): Options {
  if (server.host.startsWith('/')) return { protocol: 'socket', socket: server.host }
  return { protocol: 'tcp', host: server.host, port: server.port }
}

function mariadbTls(server: MysqlServer, encrypted: boolean, ca = ''): Options {
  if (!encrypted) return { ssl: 0 }
  if (server.sslMode !== 'verify-full') return { ssl: 1, 'ssl-verify-server-cert': 0 }
  return { ssl: 1, 'ssl-verify-server-cert': 1, 'ssl-ca': ca }
}

function mysqlTls(server: MysqlServer, encrypted: boolean, ca = ''): Options {
  if (!encrypted) return { 'ssl-mode': 'DISABLED', 'get-server-public-key': 1 }
  if (server.sslMode !== 'verify-full') return { 'ssl-mode': 'REQUIRED' }
  return { 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': ca }
}

/** A value in an option file: in quotes, for `#` begins a comment, with the escapes that both families read. */
function quoted(value: string): string {
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    '"': '\\"',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\b': '\\b',
  }
  return `"${[...value].map((c) => escapes[c] ?? c).join('')}"`
}
