import { entry } from './entry.ts'

/** Where it goes. */
export const repositories = {
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
  REPOSITORY_KIND_UNKNOWN: entry<{ kind: string; known: string[] }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `There is no kind “${d.kind}” of repository.`,
    remedy: (d) => `Use one of: ${d.known.join(', ')}.`,
  }),
  REPOSITORY_UNREACHABLE: entry<{ repository: string; reason: string }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `${d.repository} cannot be reached: ${d.reason}.`,
    remedy: () => 'Check its address and port, that the server runs, and that no firewall is in between.',
  }),
  REPOSITORY_ACCESS_DENIED: entry<{ repository: string; reason: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `${d.repository} does not let us in: ${d.reason}.`,
    remedy: () =>
      'Correct the user, the keys or the password of the server, and see that the account may read and write.',
  }),
  REPOSITORY_PLACE_UNKNOWN: entry<{ repository: string; place: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `${d.repository}: there is no ${d.place}.`,
    remedy: () => 'Check its name and its region, or make it first.',
  }),
  REPOSITORY_REFUSED: entry<{ repository: string; reason: string }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `${d.repository} does not do what is asked of it: ${d.reason}.`,
    remedy: () => 'Check that the address is the right service’s, and read the log of the server.',
  }),
  REPOSITORY_HOST_KEY_WRONG: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `${d.repository} shows another host key than the one in the settings.`,
    remedy: () =>
      'Nothing was sent to it. If the server was set up anew, read its key there (/etc/ssh/ssh_host_ed25519_key.pub) and put it into the settings; if not, somebody else is answering.',
  }),
  REPOSITORY_TLS_FAILED: entry<{ repository: string; reason: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `No trusted encrypted connection to ${d.repository} came about: ${d.reason}.`,
    remedy: () => 'Give the certificate of the authority that signed the server’s, and use the name that is in it.',
  }),
  REPOSITORY_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no repository “${d.id}”.`,
    remedy: () => 'List the repositories; it may have been removed.',
  }),
  REPOSITORY_IN_USE: entry<{ name: string; reason: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The repository “${d.name}” cannot be removed: ${d.reason}.`,
    remedy: () =>
      'Make another one the default, and choose another for its sources and for copies. One that has a history stays known.',
  }),
  REPOSITORIES_NOT_JOINABLE: entry<{ from: string; to: string; names: string[] }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `Nothing can be copied from “${d.from}” to “${d.to}”: restic takes the same ${d.names.join(', ')} for both, and theirs differ.`,
    remedy: () =>
      'Add one of them again as a repository of the kind rclone, which keeps its sign-in to itself, or let both use the same.',
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
  REPOSITORY_IS_ANOTHER: entry<{ repository: string; name: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The restic repository at ${d.repository} is not “${d.name}” but another one.`,
    remedy: () =>
      'Correct the settings so that they lead to the same repository, or add the other one under a name of its own.',
  }),
  REPOSITORY_WRONG_PASSWORD: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `The stored password does not open the repository ${d.repository}.`,
    remedy: () => 'Enter the repository’s password again. It was changed from outside, or this is another repository.',
  }),
  REPOSITORY_KEY_DAMAGED: entry<{ repository: string; key: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `The key file ${d.key} of the repository ${d.repository} is damaged.`,
    remedy: () =>
      'The data is unharmed. Remove the damaged key with the repair of keys; the recovery kit holds a copy of the key file for the case that no key is left.',
  }),
  REPOSITORY_KEY_STAYS: entry<{ repository: string; keys: string[] }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `The repository ${d.repository} does not let us remove keys: ${d.keys.join(', ')}.`,
    remedy: () =>
      'An append-only server keeps them, so that an earlier password goes on opening the repository. Remove them on the server, from the folder “keys”.',
  }),
  REPOSITORY_LOCKED: entry<{ repository: string; holders?: string[] }>({
    kind: 'repository',
    retry: 'later',
    message: (d) =>
      d.holders === undefined
        ? `Another program holds a lock on the repository ${d.repository}.`
        : `The repository ${d.repository} is locked: ${d.holders.join('; ')}.`,
    remedy: () =>
      'Wait until it has ended. What a dead restic of this program left is removed within a minute; if another program died, an administrator removes its lock under “Locks” of the repository.',
  }),
  LOCKS_CHANGED: entry<{ repository: string; appeared: string[] }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `No lock of ${d.repository} was removed. Since you looked, there is: ${d.appeared.join('; ')}.`,
    remedy: () =>
      'Look at the locks again. A lock that is renewed belongs to a program that is alive: wait until it has ended.',
  }),
  LOCK_ALIVE: entry<{ repository: string; lock: string }>({
    kind: 'conflict',
    retry: 'later',
    message: (d) => `No lock of ${d.repository} was removed: its holder is alive (${d.lock}).`,
    remedy: () => 'Wait until it has ended, or cancel the backup or task that it works for.',
  }),
  LOCKS_NOT_REMOVABLE: entry<{ repository: string; locks: string[]; from: string }>({
    kind: 'conflict',
    retry: 'later',
    message: (d) => `Still locked: ${d.repository}, by ${d.locks.join('; ')}.`,
    remedy: (d) =>
      `In this kind of place, only locks that were not renewed for 30 minutes can be removed, and only all of them at once: choose them all, after ${d.from}. Sooner, stop every program that uses the repository and run restic unlock --remove-all.`,
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
    remedy: () => 'Read restic’s own words in the log of the run, or in the output of the task.',
  }),
  RESTIC_TIMEOUT: entry<{ command: string; timeoutMs: number }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `restic ${d.command} did not end within ${Math.round(d.timeoutMs / 1000)} seconds and was stopped.`,
    remedy: () => 'Check that the repository can be reached, then try again.',
  }),
  TASK_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no task “${d.id}”.`,
    remedy: () => 'List the repository’s tasks.',
  }),
  TASK_ALREADY_ACTIVE: entry<{ task: string; repository: string }>({
    kind: 'conflict',
    retry: 'later',
    message: (d) => `The ${d.task} of ${d.repository} is already queued or running.`,
    remedy: () => 'Wait for it to end, or cancel it.',
  }),
  TASK_ALREADY_ENDED: entry<{ id: string; state: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The task “${d.id}” has already ended: ${d.state}.`,
    remedy: () => 'Nothing needs to be done.',
  }),
  SNAPSHOT_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `The repository has no snapshot “${d.id}”.`,
    remedy: () => 'List the snapshots; it may have been removed by retention.',
  }),
  SNAPSHOT_PATH_UNKNOWN: entry<{ path: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `The snapshot holds no “${d.path}” that could be opened.`,
    remedy: () =>
      'Begin at “/” and go down. What has a name that is not UTF-8 comes with the folder that it lies in, as an archive.',
  }),
  DOWNLOAD_BROKEN: entry<{ expected: number; found: number }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `The file has ${d.expected} bytes, and ${d.found} came.`,
    remedy: () => 'Do not use what has arrived. Try again; if it stays so, check the repository.',
  }),
  SNAPSHOT_DAMAGED: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) =>
      `Part of what was saved is lost: the repository ${d.repository} was damaged, and the snapshot repaired without it.`,
    remedy: () =>
      'Trigger a fresh backup of the source. What is left can be restored; the task that repaired the snapshots lists what is not.',
  }),
  SNAPSHOT_LOST: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'never',
    message: (d) =>
      `What was saved is lost: the repository ${d.repository} was damaged, and nothing is left of the snapshot.`,
    remedy: () => 'Trigger a fresh backup of the source, and restore from an earlier snapshot or a second copy.',
  }),
  DAMAGE_NOT_REPAIRABLE: entry<{ repository: string; files: string[] }>({
    kind: 'repository',
    retry: 'never',
    message: (d) => `restic cannot mend these files of ${d.repository}, nor remove them: ${d.files.join(', ')}.`,
    remedy: () =>
      'Remove them by the means of the storage, keeping a copy, then check again. Before a prune, restic recover makes a snapshot of what no snapshot refers to.',
  }),
  SNAPSHOT_GONE: entry<{ id: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The run “${d.id}” has no snapshot, or it was removed already.`,
    remedy: () => 'Choose a run whose snapshot is still there.',
  }),
  SNAPSHOT_NOT_SAVED: entry<{ repository: string }>({
    kind: 'repository',
    retry: 'later',
    message: (d) => `restic said it was done, but the snapshot is not in the repository ${d.repository}.`,
    remedy: () => 'Check the repository (restic check) before trusting it, then trigger again.',
  }),
}
