import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverContext } from '../driver.ts'
import { isCertificate, isSocket, type TlsSettings } from './tls.ts'

/** A path that is not there: libpq looks for files of the account's own where it is given none. */
const NO_FILE = '/dev/null/none'

export interface LibpqTls {
  env: Record<string, string>
  /** Removes the file that was written for it. */
  remove(): Promise<void>
}

/** For libpq, which takes certificates as files only: PEM text is written to the scratch folder until `remove` is called. */
export async function libpqTls(s: TlsSettings, ctx: Pick<DriverContext, 'scratch'>): Promise<LibpqTls> {
  const env = { PGSSLMODE: isSocket(s) ? 'disable' : s.sslMode, PGSSLCERT: NO_FILE, PGSSLROOTCERT: NO_FILE }
  const text = s.sslRootCert
  // With `require`, libpq would check the certificate as well if it were given one.
  if (text === undefined || !s.sslMode.startsWith('verify-')) return { env, remove: async () => {} }
  if (!isCertificate(text)) return { env: { ...env, PGSSLROOTCERT: text }, remove: async () => {} }
  const path = join(ctx.scratch, 'root.crt')
  await writeFile(path, text, { mode: 0o600 })
  return { env: { ...env, PGSSLROOTCERT: path }, remove: () => rm(path, { force: true }) }
}
