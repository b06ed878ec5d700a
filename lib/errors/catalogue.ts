/**
 * Every error a person can see. A code never changes its meaning; `message` says what happened, `remedy` what to do.
 * `kind` is who can mend it, which the HTTP and GraphQL doors map onto their own answers; `retry` says whether the same
 * attempt may succeed later by itself.
 */
export type ErrorKind =
  | 'input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'limit'
  | 'source'
  | 'repository'
  | 'machine'
  | 'internal'

export type RetryClass = 'never' | 'later'

interface Entry<D> {
  kind: ErrorKind
  retry: RetryClass
  message: (details: D) => string
  remedy: (details: D) => string
}

function entry<D = Record<never, never>>(e: Entry<D>): Entry<D> {
  return e
}

export const catalogue = {
  // What somebody sent
  INPUT_INVALID: entry<{ issues: { path: string; problem: string }[] }>({
    kind: 'input',
    retry: 'never',
    message: (d) =>
      `The request is not valid: ${d.issues.map((i) => `${i.path || 'input'}: ${i.problem}`).join('; ')}.`,
    remedy: () => 'Correct the fields that are named and send it again.',
  }),
  ENVIRONMENT_UNKNOWN: entry<{ name: string; known: string[] }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no environment named “${d.name}”.`,
    remedy: (d) => (d.known.length > 0 ? `Use one of: ${d.known.join(', ')}.` : 'Create an environment first.'),
  }),
  SOURCE_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no source “${d.id}” in the chosen environments.`,
    remedy: () => 'List the sources and use an id from there, or leave the sources out to take them all.',
  }),
  SOURCE_DISABLED: entry<{ name: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The source “${d.name}” is disabled.`,
    remedy: () => 'Enable it, or leave it out of the backup.',
  }),
  SOURCE_TYPE_MISMATCH: entry<{ name: string; type: string; wanted: string }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `The source “${d.name}” is of type ${d.type}; this backup is of type ${d.wanted}.`,
    remedy: () => 'Choose sources of the backup’s type, or trigger a backup of type FULL.',
  }),
  NOTHING_TO_BACK_UP: entry<{ type: string; environments: string[] }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `No enabled source of type ${d.type} exists in ${d.environments.length > 0 ? d.environments.join(', ') : 'any environment'}.`,
    remedy: () => 'Add or enable a source, or choose another type or environment. Nothing was started.',
  }),
  BACKUP_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no backup “${d.id}”.`,
    remedy: () => 'Take the id from the history or from the answer to the trigger.',
  }),
  BACKUP_ALREADY_RUNNING: entry<{ sources: string[]; backupIds: string[] }>({
    kind: 'conflict',
    retry: 'later',
    message: (d) => `A backup of ${d.sources.join(', ')} is already queued or running.`,
    remedy: (d) => `Watch or cancel it (${d.backupIds.join(', ')}), then trigger again.`,
  }),
  BACKUP_ALREADY_ENDED: entry<{ id: string; state: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The backup “${d.id}” has already ended: ${d.state}.`,
    remedy: () => 'There is nothing left to cancel.',
  }),
  IDEMPOTENCY_KEY_REUSED: entry<{ key: string; backupId: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The idempotency key “${d.key}” was already used for a different request (backup ${d.backupId}).`,
    remedy: () => 'Use a new key for a new request; repeat a request with exactly the same content.',
  }),
  NAME_TAKEN: entry<{ what: string; name: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `There is already ${/^[aeiou]/.test(d.what) ? 'an' : 'a'} ${d.what} named “${d.name}”.`,
    remedy: () => 'Choose another name.',
  }),
  NO_REPOSITORY: entry<{ source: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The source “${d.source}” has no repository to be saved in.`,
    remedy: () => 'Choose a repository for the source, or a default repository for its environment.',
  }),
  PATH_NOT_ALLOWED: entry<{ path: string; roots: string[] }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `The folder “${d.path}” is not inside an allowed storage root.`,
    remedy: (d) =>
      d.roots.length > 0
        ? `Choose a folder inside ${d.roots.join(', ')}, or let the machine’s operator extend STORAGE_ROOTS.`
        : 'No storage root is allowed yet: the machine’s operator sets STORAGE_ROOTS, for example STORAGE_ROOTS=/srv/uploads.',
  }),
  PATH_NOT_FOUND: entry<{ path: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The path “${d.path}” does not exist or cannot be read.`,
    remedy: () => 'Check the path, that it is mounted, and that the worker’s user may read it.',
  }),

  // Who may
  UNAUTHENTICATED: entry({
    kind: 'unauthenticated',
    retry: 'never',
    message: () => 'Nobody is signed in, or the token is not valid any more.',
    remedy: () => 'Sign in, or send “Authorization: Bearer <token>” with a token made by npm run token.',
  }),
  SIGN_IN_FAILED: entry({
    kind: 'unauthenticated',
    retry: 'never',
    message: () => 'The email address or the password is wrong.',
    remedy: () => 'Check both and try again.',
  }),
  SIGN_IN_THROTTLED: entry<{ retryAfterSeconds: number }>({
    kind: 'limit',
    retry: 'later',
    message: () => 'Too many failed sign-ins.',
    remedy: (d) => `Wait ${d.retryAfterSeconds} seconds and try again.`,
  }),
  FORBIDDEN: entry<{ action: string; needs: string }>({
    kind: 'forbidden',
    retry: 'never',
    message: (d) => `You may not ${d.action}: it needs ${d.needs}.`,
    remedy: () => 'Ask an administrator for the role, or use a token with the scope.',
  }),
  RATE_LIMITED: entry<{ limit: number; retryAfterSeconds: number }>({
    kind: 'limit',
    retry: 'later',
    message: (d) => `More than ${d.limit} backups were triggered within a minute.`,
    remedy: (d) => `Wait ${d.retryAfterSeconds} seconds and try again.`,
  }),

  // What is backed up
  SOURCE_KIND_UNKNOWN: entry<{ kind: string; known: string[] }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `There is no driver of kind “${d.kind}”.`,
    remedy: (d) => `Use one of: ${d.known.join(', ')}.`,
  }),
  SOURCE_TOOL_MISSING: entry<{ tool: string; install: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The program ${d.tool} is not installed on the worker.`,
    remedy: (d) => d.install,
  }),
  SOURCE_TOOL_TOO_OLD: entry<{ tool: string; found: string; needed: string; install: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `${d.tool} ${d.found} is too old for a ${d.needed} server.`,
    remedy: (d) => d.install,
  }),
  SOURCE_UNREACHABLE: entry<{ source: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `${d.source} cannot be reached: ${d.reason}.`,
    remedy: () => 'Check that the server runs, and its host, port and firewall, then try again.',
  }),
  SOURCE_ACCESS_DENIED: entry<{ source: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.source} refused the sign-in: ${d.reason}.`,
    remedy: () => 'Correct the user name, the password or the rights of the account in the source’s settings.',
  }),
  SOURCE_DATABASE_UNKNOWN: entry<{ database: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `There is no database “${d.database}” on the server.`,
    remedy: () => 'Check the name; it is case-sensitive.',
  }),
  SOURCE_QUERY_FAILED: entry<{ name: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The export “${d.name}” failed: ${d.reason}.`,
    remedy: () => 'Correct the table name or the query in the source’s settings.',
  }),
  SOURCE_DAMAGED: entry<{ source: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.source} is damaged: ${d.reason}.`,
    remedy: () => 'Repair the database, or restore its newest good backup. No snapshot was made of the damaged state.',
  }),
  SOURCE_DUMP_FAILED: entry<{ tool: string; exit: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `${d.tool} ended before the data was whole (${d.exit}): ${d.reason}.`,
    remedy: () => 'Nothing was saved of this attempt. Read the run’s log, mend the cause and trigger again.',
  }),
  SOURCE_EMPTY: entry<{ source: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.source} gave nothing to save.`,
    remedy: () => 'Check the source’s settings: an empty result is treated as a failure, never as a backup.',
  }),
  RESTORE_CONTENT_WRONG: entry<{ what: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `What came back of ${d.what} is not whole: ${d.reason}.`,
    remedy: () =>
      'Nothing was put into place. Check the repository (restic check --read-data) and restore another snapshot.',
  }),
  RESTORE_TOOL_FAILED: entry<{ tool: string; exit: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.tool} could not restore (${d.exit}): ${d.reason}.`,
    remedy: () => 'The target is as it was before. Restore into an empty database, with the roles that the dump names.',
  }),

  // Where it goes
  RESTIC_MISSING: entry<{ looked: string[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `restic was not found (looked for ${d.looked.join(', ')}).`,
    remedy: () => 'Run npm run tools to get it, install the package restic, or set RESTIC_BINARY to its path.',
  }),
  RESTIC_TOO_OLD: entry<{ found: string; needed: string; binary: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `${d.binary} is restic ${d.found}; at least ${d.needed} is needed.`,
    remedy: () => 'Run npm run tools to get a newer one, or set RESTIC_BINARY to the path of one.',
  }),
  REPOSITORY_MISSING: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `There is no restic repository at ${d.repository}.`,
    remedy: () => 'Check the address and that its disk is mounted. If it is gone, make a new repository.',
  }),
  REPOSITORY_EXISTS: entry<{ repository: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `There already is a restic repository at ${d.repository}.`,
    remedy: () => 'Connect it with its password instead of making it, or choose another address.',
  }),
  REPOSITORY_WRONG_PASSWORD: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `The stored password does not open the repository ${d.repository}.`,
    remedy: () => 'Enter the repository’s password again. It was changed from outside, or this is another repository.',
  }),
  REPOSITORY_LOCKED: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `Another program holds a lock on the repository ${d.repository}.`,
    remedy: () => 'Wait until it has ended. If it died, remove its lock with restic unlock.',
  }),
  REPOSITORY_UNWRITABLE: entry<{ repository: string; reason: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `The repository ${d.repository} cannot be written: ${d.reason}.`,
    remedy: () => 'Check the owner, the mode and the mount of its folder.',
  }),
  REPOSITORY_FULL: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `The disk of the repository ${d.repository} is full.`,
    remedy: () =>
      'Free space or move the repository to a larger disk, then trigger again. Earlier snapshots are unharmed.',
  }),
  RESTIC_FAILED: entry<{ command: string; exit: string; reason: string }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `restic ${d.command} failed (${d.exit}): ${d.reason}.`,
    remedy: () => 'Read the run’s log for restic’s own words.',
  }),
  RESTIC_TIMEOUT: entry<{ command: string; timeoutMs: number }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `restic ${d.command} did not end within ${Math.round(d.timeoutMs / 1000)} seconds and was stopped.`,
    remedy: () => 'Check that the repository can be reached, then try again.',
  }),
  SNAPSHOT_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `The repository has no snapshot “${d.id}”.`,
    remedy: () => 'List the snapshots; it may have been removed by retention.',
  }),
  SNAPSHOT_NOT_SAVED: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `restic said it was done, but the snapshot is not in the repository ${d.repository}.`,
    remedy: () => 'Check the repository (restic check) before trusting it, then trigger again.',
  }),

  DATABASE_NAME_UNKNOWN: entry<{ name: string; known: string[] }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `No database source is named “${d.name}”.`,
    remedy: (d) => (d.known.length > 0 ? `Use one of: ${d.known.join(', ')}.` : 'Add a source of type DATABASE first.'),
  }),

  // How a run ended
  FILES_UNREADABLE: entry<{ count: number; names: string[] }>({
    kind: 'source',
    retry: 'never',
    message: (d) =>
      `Saved, but ${d.count} ${d.count === 1 ? 'file' : 'files'} could not be read: ${d.names.join(', ')}${d.count > d.names.length ? ', …' : ''}.`,
    remedy: () =>
      'Give the worker’s user the right to read them, or exclude them; then trigger again. The log names each one.',
  }),
  RUN_CANCELLED: entry<{ by: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The run was cancelled by ${d.by}.`,
    remedy: () => 'Trigger a new backup when you want one. Earlier snapshots are unharmed.',
  }),
  WORKER_STOPPED: entry({
    kind: 'machine',
    retry: 'later',
    message: () => 'The worker was shut down while the run was going on.',
    remedy: () => 'Trigger the backup again, or wait for the next scheduled one.',
  }),
  WORKER_LOST: entry<{ worker: string }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `The worker ${d.worker} died while the run was going on.`,
    remedy: () => 'A new attempt is queued by itself while attempts are left. Check the machine’s memory and its log.',
  }),

  // Being told
  MAIL_NOT_CONFIGURED: entry({
    kind: 'conflict',
    retry: 'never',
    message: () => 'No mail server is configured, so nothing was sent.',
    remedy: () =>
      'Set SMTP_URL and MAIL_FROM, for example SMTP_URL=smtps://user:password@mail.example.org, and start again.',
  }),
  MAIL_NO_RECIPIENTS: entry({
    kind: 'conflict',
    retry: 'never',
    message: () => 'Nobody is set to receive mail, so nothing was sent.',
    remedy: () => 'Add recipients on the notifications page.',
  }),
  MAIL_REFUSED: entry<{ recipient: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The mail server refused the message to ${d.recipient}: ${d.reason}.`,
    remedy: () => 'Check the recipient’s address, MAIL_FROM, and the sign-in in SMTP_URL.',
  }),
  MAIL_UNREACHABLE: entry<{ reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The mail server cannot be reached: ${d.reason}.`,
    remedy: () => 'Check host, port and TLS in SMTP_URL. The message is tried again by itself.',
  }),

  // The machine and its set-up
  CONFIG_INVALID: entry<{ problems: { variable: string; problem: string; example: string }[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => d.problems.map((p) => `${p.variable}: ${p.problem}`).join('; '),
    remedy: (d) => `Set, for example, ${d.problems.map((p) => `${p.variable}=${p.example}`).join(' ')}.`,
  }),
  DATA_DIR_IN_USE: entry<{ dataDir: string; holder: string }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `Another process (${d.holder}) already uses the data folder ${d.dataDir}.`,
    remedy: () => 'Stop that process first, or set DATA_DIR to another folder.',
  }),
  DATABASE_UNREACHABLE: entry<{ reason: string }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `The product’s own database cannot be reached: ${d.reason}.`,
    remedy: () => 'Check DATABASE_URL and that the server runs. Without DATABASE_URL, read postgres.log in DATA_DIR.',
  }),
  DATABASE_START_FAILED: entry<{ reason: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The bundled PostgreSQL did not start: ${d.reason}.`,
    remedy: () => 'Read postgres.log in DATA_DIR, or set DATABASE_URL to a PostgreSQL server of your own.',
  }),
  MIGRATION_CONFLICT: entry<{ migration: string; problem: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The migration ${d.migration} ${d.problem}.`,
    remedy: () => 'Run the version of the program that made this database, or restore the database’s own backup.',
  }),
  SECRET_UNREADABLE: entry<{ what: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The stored secret of ${d.what} cannot be decrypted.`,
    remedy: () => 'Start with the SECRET_KEY (or secret.key file) that it was saved with, or enter the secret again.',
  }),
  UNEXPECTED: entry({
    kind: 'internal',
    retry: 'later',
    message: () => 'Something went wrong that the program did not foresee.',
    remedy: () => 'Look for the request or run id in the server’s log, and report it with that line.',
  }),
}

export type Code = keyof typeof catalogue
export type Details<C extends Code> = Parameters<(typeof catalogue)[C]['message']>[0]
