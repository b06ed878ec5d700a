import { describeExit, runChild } from '#lib/process/child.ts'

/** Where one pipeline works: its own repository or dumps, its own scratch, and the number of the run. */
export interface Place {
  /** What is counted as stored. */
  target: string
  /** For caches and passing files. */
  work: string
  run: number
  /** Aborted when people stop the measurement. */
  signal: AbortSignal
}

/** A line for bash, run with `pipefail` and the variables of {@link shell}; or a function of ours. */
export type Act = string | ((place: Place) => Promise<unknown>)

/** One way of backing up, as data. */
export interface Pipeline {
  name: string
  /** What it runs, for the page. */
  does: string
  encrypts: boolean
  compresses: boolean
  /** A repository grows by what is new; dumps are whole each time, and the bench removes each after weighing it. */
  keeps: 'repository' | 'whole dumps'
  /** Programs without which it is left out. */
  needs: readonly string[]
  /** Makes an empty target ready. Not measured. */
  prepare?: Act
  run: Act
  /** Why it is faster than ours; shown only if it is. */
  whyFaster?: string
}

export const PASSPHRASE = 'only for measuring'

/** What every shell line of a case gets: how to reach the server, and where programs are. */
export type Surroundings = Readonly<Record<string, string>> & { PATH: string }

/**
 * Runs one act. For a shell line TARGET, WORK and RUN say its place, PASSPHRASE is there for openssl, and restic and borg
 * find theirs in variables. Rejects when any program of it fails: a pipeline that failed quickly must not win.
 */
export async function act(what: Act, place: Place, surroundings: Surroundings, args: readonly string[] = []) {
  if (typeof what === 'function') return void (await what(place))
  const { signal } = place
  const exit = await runChild({
    command: '/bin/bash',
    signal,
    args: ['-e', '-o', 'pipefail', '-c', what, 'bench', ...args],
    env: {
      ...surroundings,
      LC_ALL: 'C.UTF-8',
      HOME: place.work,
      TMPDIR: place.work,
      TARGET: place.target,
      WORK: place.work,
      RUN: String(place.run),
      PASSPHRASE,
      RESTIC_REPOSITORY: `${place.target}/repository`,
      RESTIC_PASSWORD: PASSPHRASE,
      RESTIC_CACHE_DIR: `${place.work}/restic-cache`,
      BORG_REPO: `${place.target}/repository`,
      BORG_PASSPHRASE: PASSPHRASE,
      BORG_BASE_DIR: place.work,
    },
  })
  signal.throwIfAborted()
  if (exit.code !== 0) throw new Error(`${what}\nended with ${describeExit(exit)}: ${exit.stderr}`)
}

/** AES-256 by openssl, the fast mode, in place of the AES-256-GCM that peers have built in and openssl's command lacks. */
export const AES = 'openssl enc -aes-256-ctr -pbkdf2 -pass env:PASSPHRASE'
/** How gobackup calls openssl. */
export const AES_CBC = 'openssl enc -aes-256-cbc -salt -pbkdf2 -pass env:PASSPHRASE'
export const RESTIC_INIT = 'restic init --json'
export const BORG_INIT = 'borg init --encryption=repokey-blake2'
