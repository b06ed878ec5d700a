import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Transaction } from '#lib/database/database.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { Finding } from '#lib/sources/scratch-place.ts'
import type { Restore, VerificationEvidence } from '#prisma/client/client.ts'

/** VERIFIED: restored, and all that was looked at is right. MISMATCH: restored, and something is not. FAILED: not restored. */
export type VerificationResult = 'VERIFIED' | 'MISMATCH' | 'FAILED'

/** Null while it has none: before its end, and when it was cancelled or interrupted. */
export function resultOf({ state, errorCode }: Pick<Restore, 'state' | 'errorCode'>): VerificationResult | null {
  if (state === 'SUCCEEDED') return 'VERIFIED'
  if (state !== 'FAILED') return null
  return errorCode === 'VERIFICATION_MISMATCH' ? 'MISMATCH' : 'FAILED'
}

/** What an Ed25519 key is in PKCS #8 before its 32 bytes (RFC 8410, 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

function signingKey(secretKey: SecretKey): KeyObject {
  const key = Buffer.concat([PKCS8_ED25519, secretKey.derive('verification evidence')])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** PEM, for anybody who checks a signature: `openssl pkeyutl -verify -rawin -pubin -inkey key.pem -in document -sigfile signature`. */
export function evidenceKey(secretKey: SecretKey): string {
  return createPublicKey(signingKey(secretKey)).export({ format: 'pem', type: 'spki' }) as string
}

/**
 * Signs how a verification ended and chains it to the one before: each document holds the hash of the last, so that none can be
 * taken out or changed without a trace.
 */
export async function writeEvidence(tx: Transaction, secretKey: SecretKey, restoreId: string): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger evidence'))`
  const last = await tx.verificationEvidence.findFirst({ orderBy: { sequence: 'desc' } })
  const sequence = (last?.sequence ?? 0) + 1
  const content = { version: 1, sequence, previousHash: last?.hash ?? null, ...(await describe(tx, restoreId)) }
  const document = JSON.stringify(content, null, 2)
  const signature = sign(null, Buffer.from(document), signingKey(secretKey)).toString('base64')
  await tx.verificationEvidence.create({ data: { restoreId, sequence, document, hash: hashOf(document), signature } })
}

async function describe(tx: Transaction, restoreId: string) {
  const restore = await tx.restore.findUniqueOrThrow({
    where: { id: restoreId },
    include: { run: { include: { repository: true, source: { include: { environment: true } } } } },
  })
  const { run, errorCode, errorMessage } = restore
  const { source, repository } = run
  return {
    verificationId: restore.id,
    result: resultOf(restore),
    source: { id: source.id, name: source.name, kind: source.kind, environment: source.environment.name },
    run: {
      id: run.id,
      backupId: run.backupId,
      part: run.part,
      state: run.state,
      snapshotId: run.snapshotId,
      finishedAt: run.finishedAt,
    },
    repository: { id: repository.id, name: repository.name },
    requestedBy: restore.requestedBy,
    worker: restore.worker,
    startedAt: restore.startedAt,
    finishedAt: restore.finishedAt,
    restoreSeconds: restore.restoreSeconds,
    files: restore.filesDone === null ? null : Number(restore.filesDone),
    bytes: restore.bytesDone === null ? null : Number(restore.bytesDone),
    findings: (restore.findings ?? []) as unknown as Finding[],
    problem: errorCode === null ? null : { code: errorCode, message: errorMessage },
  }
}

const hashOf = (document: string) => createHash('sha256').update(document).digest('hex')

/**
 * The first thing that is wrong with evidence in its order, which must begin with the first of all; null: nothing. A whole sentence.
 */
export function problemOfEvidence(
  all: readonly Pick<VerificationEvidence, 'sequence' | 'document' | 'hash' | 'signature'>[],
  publicKey: string,
): string | null {
  let previousHash: string | null = null
  for (const [i, { sequence, document, hash, signature }] of all.entries()) {
    if (sequence !== i + 1) return `Number ${i + 1} is missing.`
    if (!verify(null, Buffer.from(document), publicKey, Buffer.from(signature, 'base64')))
      return `The signature of number ${sequence} is not of its document.`
    if (hashOf(document) !== hash) return `The hash of number ${sequence} is not of its document.`
    if ((JSON.parse(document) as { previousHash: unknown }).previousHash !== previousHash)
      return `Number ${sequence} does not follow the one before it.`
    previousHash = hash
  }
  return null
}
