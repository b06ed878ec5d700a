import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { absolutePath } from '#lib/forms/settings.ts'

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

export const tlsFields = {
  /** As in libpq: `prefer` and `require` encrypt without checking who answers; the `verify-` ones check. */
  sslMode: z
    .enum(SSL_MODES)
    .default('prefer')
    .meta({
      title: 'Encryption',
      enumTitles: {
        disable: 'Never',
        prefer: 'When the server offers it',
        require: 'Always, without checking the server’s certificate',
        'verify-ca': 'Always, and the server’s certificate must be signed by the authority',
        'verify-full': 'Always, and the server’s certificate must also name the host',
      },
    }),
  /** PEM text, or the absolute path of a PEM file on the worker. */
  sslRootCert: z
    .string()
    .trim()
    .max(100_000, 'is too long')
    .refine((text) => isCertificate(text) || absolutePath.safeParse(text).success, {
      message: 'must be a certificate in PEM, or the absolute path of one',
    })
    .optional()
    .meta({
      title: 'Authority’s certificate',
      description:
        'The certificate, as PEM text, of the authority that signed the server’s; or the path of a PEM file on the worker. Needed where the server’s certificate is checked.',
      multiline: true,
      advanced: true,
    }),
}

export interface TlsSettings {
  host: string
  sslMode: (typeof SSL_MODES)[number]
  sslRootCert?: string | undefined
}

/** For Node's TLS; false where nothing is encrypted. Rejects with PATH_NOT_FOUND when the certificate's file cannot be read. */
export async function tlsOptions(s: TlsSettings): Promise<ConnectionOptions | false> {
  if (s.sslMode === 'disable' || isSocket(s)) return false
  if (!s.sslMode.startsWith('verify-')) return { rejectUnauthorized: false, checkServerIdentity: () => undefined }
  const text = s.sslRootCert as string
  const ca = isCertificate(text) ? text : await readCertificate(text)
  if (s.sslMode === 'verify-ca') return { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { ca, rejectUnauthorized: true, checkServerIdentity: (_, cert) => checkServerIdentity(s.host, cert) }
}

export const isSocket = (s: TlsSettings): boolean => s.host.startsWith('/')

/** Whether a text is a certificate in PEM. */
export function isCertificate(text: string): boolean {
  if (!text.startsWith('-----BEGIN')) return false
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}

async function readCertificate(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CodedError('PATH_NOT_FOUND', { path }, { cause })
  })
}
