import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/*
 * Key files of restic that open quickly. restic spends half a second of processor time on the password whenever it opens a
 * repository, many times what it does for a test besides. A key file says itself how costly its password is to try, so one
 * with the same master key and password, made by restic's own format but with the lowest cost, opens at once.
 * Format: https://restic.readthedocs.io/en/stable/100_references.html#keys-encryption-and-mac
 */

const keyFile = z.looseObject({
  kdf: z.literal('scrypt'),
  N: z.int(),
  r: z.int(),
  p: z.int(),
  salt: z.base64(),
  data: z.base64(),
})
type Cost = Pick<z.infer<typeof keyFile>, 'N' | 'r' | 'p'>

const CHEAPEST: Cost = { N: 2, r: 1, p: 1 }
const IV_BYTES = 16
const MAC_BYTES = 16

/** Puts a cheap key file in the place of each costly one that the password opens. Answers their new ids by the old ones. */
export async function makeKeysQuick(repository: string, password: string): Promise<Map<string, string>> {
  const folder = join(repository, 'keys')
  const ids = new Map<string, string>()
  for (const id of await readdir(folder)) {
    const raw = asJson(await readFile(join(folder, id), 'utf8'))
    const key = keyFile.safeParse(raw).data
    const master = key === undefined || key.N === CHEAPEST.N ? null : open(key, password)
    if (master === null) continue
    const salt = randomBytes(64)
    const data = seal(master, keysOf(password, salt, CHEAPEST)).toString('base64')
    // In restic's order of fields: what it prints of a key is compared with the file byte for byte.
    const content = JSON.stringify({ ...(raw as object), ...CHEAPEST, salt: salt.toString('base64'), data })
    const quickId = createHash('sha256').update(content).digest('hex')
    await writeFile(join(folder, quickId), content, { mode: 0o600 })
    await rm(join(folder, id), { force: true })
    ids.set(id, quickId)
  }
  return ids
}

/** Null for a damaged file, of which some tests have one. */
function asJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return null
  }
}

interface Keys {
  encryption: Buffer
  mac: Buffer
}

function keysOf(password: string, salt: Buffer, { N, r, p }: Cost): Keys {
  const derived = scryptSync(password, salt, 64, { N, r, p, maxmem: 256 * N * r * p + 2 ** 20 })
  return { encryption: derived.subarray(0, 32), mac: derived.subarray(32) }
}

function open(key: z.infer<typeof keyFile>, password: string): Buffer | null {
  const keys = keysOf(password, Buffer.from(key.salt, 'base64'), key)
  const sealed = Buffer.from(key.data, 'base64')
  const iv = sealed.subarray(0, IV_BYTES)
  const text = sealed.subarray(IV_BYTES, -MAC_BYTES)
  if (!poly1305Aes(text, iv, keys.mac).equals(sealed.subarray(-MAC_BYTES))) return null
  return createDecipheriv('aes-256-ctr', keys.encryption, iv).update(text)
}

function seal(text: Buffer, keys: Keys): Buffer {
  const iv = randomBytes(IV_BYTES)
  const sealed = createCipheriv('aes-256-ctr', keys.encryption, iv).update(text)
  return Buffer.concat([iv, sealed, poly1305Aes(sealed, iv, keys.mac)])
}

const littleEndian = (bytes: Buffer) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)

/** Poly1305-AES, https://cr.yp.to/mac.html: the key is 16 bytes for AES, then 16 that the polynomial is evaluated at. */
function poly1305Aes(message: Buffer, nonce: Buffer, key: Buffer): Buffer {
  const point = littleEndian(key.subarray(16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * point) % (2n ** 130n - 5n)
  }
  const cipher = createCipheriv('aes-128-ecb', key.subarray(0, 16), null).setAutoPadding(false)
  const mac = (sum + littleEndian(cipher.update(nonce))) & (2n ** 128n - 1n)
  return Buffer.from(mac.toString(16).padStart(32, '0'), 'hex').reverse()
}
