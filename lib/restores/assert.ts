import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Assertion } from '#lib/environments/assertions.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { databaseOfPart } from '#lib/sources/driver.ts'
import type { Finding, ScratchPlace } from '#lib/sources/scratch-place.ts'

const HOUR_MS = 3_600_000

/** What was restored: files below a folder, by their full paths, and what was loaded from them. */
export interface Restored {
  folder: string
  place: ScratchPlace | null
  part: string
  /** When it was saved. */
  savedAt: Date
  signal: AbortSignal
}

/** Asks what administrators said must be true. Those that are about another database of the source are left out. */
export async function assertAll(assertions: readonly Assertion[], restored: Restored): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const assertion of assertions) {
    if (assertion.kind === 'sql' && !isAbout(assertion, restored.part)) continue
    restored.signal.throwIfAborted()
    const problem = await (assertion.kind === 'sql' ? askSql(assertion, restored) : lookAtFile(assertion, restored))
    findings.push({ what: `assertion “${assertion.name}”`, problem: problem && `${assertion.name}: ${problem}` })
  }
  return findings
}

function isAbout({ database }: Extract<Assertion, { kind: 'sql' }>, part: string): boolean {
  if (part !== '' && databaseOfPart(part) === null) return false // the roles of a server
  return database === undefined || part === '' || databaseOfPart(part) === database
}

async function askSql(
  { sql, compare, value }: Extract<Assertion, { kind: 'sql' }>,
  { place, signal }: Restored,
): Promise<string | null> {
  if (place?.ask === undefined) return 'this kind of source cannot be asked with SQL.'
  let answer: string | null
  try {
    answer = await place.ask(sql)
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof CodedError && thrown.code === 'SOURCE_QUERY_FAILED') return thrown.message
    throw thrown
  }
  if (holds(answer, compare, value)) return null
  const wanted = { equals: '', atLeast: 'at least ', atMost: 'at most ' }[compare]
  return `the answer is ${answer === null ? 'NULL' : `“${answer}”`} instead of ${wanted}“${value}”.`
}

function holds(answer: string | null, compare: 'equals' | 'atLeast' | 'atMost', value: string): boolean {
  if (answer === null) return false
  if (compare === 'equals') return answer === value
  const [is, wanted] = [Number(answer), Number(value)]
  return compare === 'atLeast' ? is >= wanted : is <= wanted // false where one is no number
}

async function lookAtFile(
  { path, sha256, minBytes = 0, newerThanHours }: Extract<Assertion, { kind: 'file' }>,
  { folder, savedAt, signal }: Restored,
): Promise<string | null> {
  const file = join(folder, path)
  const found = await lstat(file).catch(() => null)
  if (found === null) return `${path} is not there.`
  if (!found.isFile()) return sha256 === undefined && minBytes === 0 ? null : `${path} is no regular file.`
  if (found.size < minBytes) return `${path} has ${found.size} bytes instead of at least ${minBytes}.`
  if (newerThanHours !== undefined && found.mtimeMs < savedAt.getTime() - newerThanHours * HOUR_MS)
    return `${path} was changed last at ${found.mtime.toISOString()}, more than ${newerThanHours} hours before the backup.`
  if (sha256 !== undefined && (await hashOf(file, signal)) !== sha256)
    return `${path} has other content than it should.`
  return null
}

async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
