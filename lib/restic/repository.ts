import { homedir, tmpdir } from 'node:os'
import { Secret } from '#lib/secrets/secret.ts'

/** How to reach and open one repository. */
export interface RepositoryAccess {
  /** restic's own notation: an absolute folder, `sftp:…`, `s3:…`, `rest:…`, `rclone:…`. */
  location: string
  password: Secret
  /** What the backend needs: AWS_ACCESS_KEY_ID, RESTIC_REST_PASSWORD, … They cannot replace our own variables. */
  env?: Record<string, Secret | string>
  /** restic's extended options, `-o`: `sftp.args=…`, `s3.region=…`. Visible in the process list, so never a secret. */
  options?: string[]
  /** How fast it may be used, and how big its new files are. */
  limits?: Limits
  /** The folder that restic runs in, for backends with files of their own that `env` and `options` name relative to it. */
  cwd?: string
  /**
   * The id of the key that the password is tried on first (restic's RESTIC_KEY_HINT). Without it one corrupt key file, whoever
   * it belongs to, can keep everybody out (lib/restic/keys.ts); one that is gone does no harm.
   */
  keyHint?: string
  /** Removes the file of this lock and no other, which restic cannot. Absent where there is no way past restic. */
  removeLock?: (id: string) => Promise<void>
  /**
   * Notes a restic that may take a lock, so that the lock is known as ours whatever happens to us; what it answers is called
   * when the process has ended, with whether a lock may be left. When it rejects, restic is stopped with that error.
   */
  noteProcess?: (process: ResticProcess) => Promise<(mayLeaveLock: boolean) => Promise<void>>
  /** Another repository that is read besides, by copy and init. restic opens it with the same `env`, `options` and `cwd`. */
  from?: Pick<RepositoryAccess, 'location' | 'password' | 'keyHint'>
}

export interface ResticProcess {
  command: string
  pid: number
  startedAt: Date
}

/** What is left out is restic's own: no limit, packs of 16 MiB. */
export interface Limits {
  uploadKibPerSecond?: number
  downloadKibPerSecond?: number
  packSizeMib?: number
}

/** A restic that was found and is new enough. Made by openRestic. */
export interface Restic {
  readonly binary: string
  readonly version: string
  readonly cacheDir: string
  /** Where restic finds ssh and rclone. */
  readonly path: string
  /** How long a command waits for another's lock (`--retry-lock`), in seconds. */
  readonly retryLockSeconds: number
  /** How long a restic that was asked to stop may take before it is killed. */
  readonly stopGraceMs: number
  /** Runs restic as another user; only root can. */
  readonly uid?: number
  readonly gid?: number
}

/**
 * Everything a restic process sees, built from nothing: a stray or invalid RESTIC_* variable of ours cannot reach it,
 * and no secret is in its arguments.
 */
export function resticEnvironment(restic: Restic, access: RepositoryAccess): Record<string, string> {
  const extra = Object.entries(access.env ?? {}).map(([name, value]) => [name, reveal(value)] as const)
  return {
    ...Object.fromEntries(extra),
    RESTIC_REPOSITORY: access.location,
    RESTIC_PASSWORD: access.password.reveal(),
    ...(access.keyHint ? { RESTIC_KEY_HINT: access.keyHint } : {}),
    ...(access.from && {
      RESTIC_FROM_REPOSITORY: access.from.location,
      RESTIC_FROM_PASSWORD: access.from.password.reveal(),
      ...(access.from.keyHint ? { RESTIC_FROM_KEY_HINT: access.from.keyHint } : {}),
    }),
    RESTIC_CACHE_DIR: restic.cacheDir,
    RESTIC_PROGRESS_FPS: '4',
    HOME: homedir(),
    PATH: restic.path,
    TMPDIR: tmpdir(),
  }
}

function reveal(value: Secret | string): string {
  return value instanceof Secret ? value.reveal() : value
}

/** The location without a password in its URL (`rest:https://user:password@host/`), for errors and logs. */
export function printableLocation(access: RepositoryAccess): string {
  return access.location.replace(/\/\/([^/@:]*):[^/@]*@/, '//$1:***@')
}
