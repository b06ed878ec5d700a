import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { SecretKey } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Config } from './config.ts'

/**
 * The installation's master key: SECRET_KEY, else the content of SECRET_KEY_FILE, else DATA_DIR/secret.key, which is made
 * on first use (0600, 64 hexadecimal characters). Whoever loses it loses the stored passwords.
 */
export async function readSecretKey(config: Config): Promise<SecretKey> {
  if (config.SECRET_KEY) return new SecretKey(config.SECRET_KEY)
  if (config.SECRET_KEY_FILE) return new SecretKey(await fromFile(config.SECRET_KEY_FILE))
  const path = join(config.DATA_DIR, 'secret.key')
  try {
    // wx: of two processes that start at once one makes the key and the other reads it.
    await writeFile(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return new SecretKey(await fromFile(path))
}

async function fromFile(path: string): Promise<Secret> {
  const text = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (text.length < 32)
    throw new CodedError('CONFIG_INVALID', {
      problems: [
        {
          variable: 'SECRET_KEY_FILE',
          problem: `${path} cannot be read or holds less than 32 characters`,
          example: path,
        },
      ],
    })
  return new Secret(text)
}
