import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { CodedError } from '#lib/errors/coded-error.ts'
import { Secret } from './secret.ts'

/** The installation's master key: 32 bytes or more of key material. All other keys are derived from it. */
export class SecretKey {
  readonly #material: Buffer

  constructor(material: Secret) {
    this.#material = Buffer.from(material.reveal(), 'utf8')
  }

  /** A 32-byte key for one purpose (HKDF-SHA256, RFC 5869; `purpose` is the info). */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#material, 'system-backup-trigger', purpose, 32))
  }
}

const VERSION = 'v1'

/**
 * Encrypts for storage with AES-256-GCM (NIST SP 800-38D). `context` is authenticated, not stored: a value copied to
 * another row does not open. Text form: `v1.<iv>.<tag>.<ciphertext>`, each base64url.
 */
export function seal(key: SecretKey, secret: Secret, context: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.derive('secrets at rest'), iv)
  cipher.setAAD(Buffer.from(context, 'utf8'))
  const body = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
  return [
    VERSION,
    iv.toString('base64url'),
    cipher.getAuthTag().toString('base64url'),
    body.toString('base64url'),
  ].join('.')
}

/** Opens what {@link seal} made. Throws SECRET_UNREADABLE when the key, the context or the text is not the one it was sealed with. */
export function unseal(key: SecretKey, sealed: string, context: string): Secret {
  const [version, iv, tag, body] = sealed.split('.')
  if (version !== VERSION || iv === undefined || tag === undefined || body === undefined)
    throw new CodedError('SECRET_UNREADABLE', { what: context })
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.derive('secrets at rest'), Buffer.from(iv, 'base64url'), {
      authTagLength: 16,
    })
    decipher.setAAD(Buffer.from(context, 'utf8'))
    decipher.setAuthTag(Buffer.from(tag, 'base64url'))
    return new Secret(
      Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8'),
    )
  } catch (cause) {
    throw new CodedError('SECRET_UNREADABLE', { what: context }, { cause })
  }
}
