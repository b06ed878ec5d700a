import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChild } from '#lib/process/child.ts'

export interface Certificate {
  /** PEM; signed by itself, so it is its own authority. */
  certificate: string
  /** PEM, without a passphrase. */
  key: string
}

/** A certificate for one day. `names` as OpenSSL writes them: `DNS:localhost`, `IP:127.0.0.1`. */
export async function makeCertificate(names: readonly string[]): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'))
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  try {
    const exit = await runChild({
      command: 'openssl',
      args: [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
        ...['-subj', '/CN=throw-away', '-addext', `subjectAltName=${names.join(',')}`],
        ...['-keyout', key, '-out', certificate],
      ],
      env: { PATH: '/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin' },
    })
    if (exit.code !== 0) throw new Error(`openssl failed: ${exit.stderr}`)
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
