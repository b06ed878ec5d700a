import { CodedError } from '#lib/errors/coded-error.ts'
import { runChild } from '#lib/process/child.ts'
import { parseLine, versionMessage } from './messages.ts'

/** The first restic with the exit codes, JSON and stdin behaviour that we build on. */
export const MINIMUM_VERSION = '0.17.1'
const TIMEOUT_MS = 10_000

/** Whether version `a` is at least `b`. Only the three leading numbers count: "0.18.0-dev" is 0.18.0. */
export function isAtLeast(a: string, b: string): boolean {
  const [x, y] = [numbersOf(a), numbersOf(b)]
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return (x[i] ?? 0) > (y[i] ?? 0)
  return true
}

function numbersOf(version: string): number[] {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version)
  return match ? match.slice(1).map((part) => Number(part ?? 0)) : [0, 0, 0]
}

/**
 * The version of the restic at `binary`, an absolute path or a name to be found in `path`.
 * Rejects with RESTIC_MISSING when it does not run, RESTIC_TOO_OLD below {@link MINIMUM_VERSION}.
 */
export async function probeVersion(binary: string, path: string): Promise<string> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  const result = await runChild({
    command: binary,
    args: ['version', '--json'],
    env: { PATH: path },
    signal: deadline,
  }).catch((cause: unknown) => {
    throw new CodedError('RESTIC_MISSING', { looked: [binary] }, { cause })
  })
  if (deadline.aborted) throw new CodedError('RESTIC_TIMEOUT', { command: 'version', timeoutMs: TIMEOUT_MS })
  const version = result.code === 0 ? versionIn(result.stdout) : null
  if (version === null) throw new CodedError('RESTIC_MISSING', { looked: [binary] })
  if (!isAtLeast(version, MINIMUM_VERSION))
    throw new CodedError('RESTIC_TOO_OLD', { found: version, needed: MINIMUM_VERSION, binary })
  return version
}

/** Before 0.15 `version --json` answers in plain text: "restic 0.14.0 compiled with go1.19". */
function versionIn(lines: readonly string[]): string | null {
  for (const line of lines) {
    const plain = /^restic (\d+\.\d+\S*)/.exec(line)?.[1]
    if (plain !== undefined) return plain
    const parsed = parseLine(versionMessage, line)
    if ('message' in parsed) return parsed.message.version
  }
  return null
}
