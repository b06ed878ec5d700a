import { CodedError } from '#lib/errors/coded-error.ts'
import { originOf, type S3Connection } from './s3-settings.ts'

/** The service's own refusal: the HTTP status and the code of its answer, such as NoSuchKey. */
export class S3Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'S3Refusal'
    this.status = status
    this.code = code
  }
}

const WRONG_KEYS = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'ExpiredToken',
  'TokenRefreshRequired',
  'AccountProblem',
  'RequestTimeTooSkewed',
])
const WRONG_REGION = new Set(['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed'])

/** What the account was about to do, in words of S3's policies. */
export interface Attempt {
  bucket: string | null
  /** s3:ListBucket on uploads */
  right: string
}

/** For people: “S3 at https://s3.example.org”. */
export const serviceName = (connection: S3Connection): string => `S3 at ${originOf(connection)}`

/** A refusal in the words of the catalogue. */
export function refusalError(refusal: S3Refusal, connection: S3Connection, attempt: Attempt): CodedError {
  const source = serviceName(connection)
  const options = { cause: refusal }
  if (refusal.code === 'NoSuchBucket' || WRONG_REGION.has(refusal.code))
    return new CodedError('SOURCE_BUCKET_UNKNOWN', { bucket: attempt.bucket ?? '', region: connection.region }, options)
  if (refusal.status === 401 || WRONG_KEYS.has(refusal.code))
    return new CodedError('SOURCE_ACCESS_DENIED', { source, reason: `it answered ${refusal.code}` }, options)
  if (refusal.status === 403)
    return new CodedError(
      'SOURCE_RIGHTS_MISSING',
      { source, missing: [attempt.right], grant: 'the policy in docs/sources/s3.md has them all.' },
      options,
    )
  return new CodedError(
    'SOURCE_UNREACHABLE',
    { source, reason: `it answered ${refusal.status} (${refusal.code})` },
    options,
  )
}

/** An error of the connection in the words of the catalogue; anything else as it is. */
export function connectionError(thrown: unknown, connection: S3Connection): unknown {
  const code = (thrown as { code?: unknown } | null)?.code
  if (typeof code !== 'string' || thrown instanceof CodedError || thrown instanceof S3Refusal) return thrown
  const source = serviceName(connection)
  if (isTlsCode(code)) return new CodedError('SOURCE_TLS_FAILED', { source, reason: code }, { cause: thrown })
  return new CodedError('SOURCE_UNREACHABLE', { source, reason: code }, { cause: thrown })
}

/** OpenSSL's names of certificate errors, and Node's own of handshakes. */
function isTlsCode(code: string): boolean {
  return code === 'EPROTO' || /CERT|^ERR_(TLS|SSL)_|SIGNATURE|^HOSTNAME_MISMATCH$|^UNABLE_TO_/.test(code)
}
