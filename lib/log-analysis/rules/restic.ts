import type { Rule } from '../rule.ts'

/** restic’s own words about repositories and their data. */
export const resticRules: readonly Rule[] = [
  {
    id: 'restic-wrong-password',
    severity: 'ERROR',
    cause: 'The repository does not open with the stored password.',
    remedy:
      'Was its password changed elsewhere? Connect the repository again with the right one, or take it from the recovery kit.',
    link: 'https://restic.readthedocs.io/en/stable/070_encryption.html',
    codes: ['REPOSITORY_WRONG_PASSWORD'],
    text: /wrong password or no key found/,
    examples: ['Fatal: wrong password or no key found'],
  },
  {
    id: 'restic-locked',
    severity: 'WARNING',
    cause: 'Somebody else holds a lock on the repository.',
    remedy: 'Wait for the other process. If it is dead, remove its lock on the page of the repository.',
    link: 'https://restic.readthedocs.io/en/stable/faq.html',
    codes: ['REPOSITORY_LOCKED'],
    text: /repository is already locked|unable to create lock in backend: repository/,
    examples: [
      'unable to create lock in backend: repository is already locked exclusively by PID 4711 on db1 by root (UID 0, GID 0)',
      'repo already locked, waiting up to 0s for the lock: repository is already locked by PID 9 on db2 by backup (UID 5, GID 5)',
    ],
  },
  {
    id: 'restic-lock-lost',
    severity: 'ERROR',
    cause:
      'restic could not refresh its lock in time: the machine slept, or the repository did not answer for minutes.',
    remedy:
      'See that the machine does not sleep during backups, that its clock is right and that the repository answers.',
    text: /failed to refresh lock|unable to refresh lock|lock refresh failed/,
    examples: ['failed to refresh lock in time', 'unable to refresh lock: context deadline exceeded'],
  },
  {
    id: 'restic-repository-missing',
    severity: 'ERROR',
    cause: 'There is no repository at its place.',
    remedy:
      'Is the right disk mounted, the right bucket or path in the settings? A repository is never made anew in place of one that is missing.',
    codes: ['REPOSITORY_MISSING'],
    text: /repository does not exist|Is there a repository at the following location/,
    examples: [
      'Fatal: repository does not exist: unable to open config file: stat /backup/config: no such file or directory',
      'Is there a repository at the following location?',
    ],
  },
  {
    id: 'restic-index-damaged',
    severity: 'ERROR',
    cause: 'The index of the repository is damaged or incomplete.',
    remedy: 'Follow the repair on the page of the repository: the index can be made anew from the packs.',
    text: /error loading index|index [0-9a-f]{8,64} (?:is invalid|could not be loaded)|Fatal: unable to load index/,
    examples: [
      'error loading index 4f9d8a: load(<index/4f9d8a>): invalid data returned',
      'Fatal: unable to load index: EOF',
    ],
  },
  {
    id: 'restic-pack-damaged',
    severity: 'ERROR',
    cause: 'A pack file of the repository is damaged: its content is not what it was when it was saved.',
    remedy:
      'Run an integrity check that reads data, then follow the repair on the page of the repository. Suspect the disk or memory.',
    link: 'https://restic.readthedocs.io/en/stable/077_troubleshooting.html',
    text: /ciphertext verification failed|Pack ID does not match|pack [0-9a-f]{8,64} contains \d+ errors|hash does not match id|invalid data returned/,
    examples: [
      'pack 5f1e5a3c contains 1 errors: [blob 0: decrypting blob <data/1f> failed: ciphertext verification failed]',
      'Load(<data/4bb1a6>, 0, 0) returned error: hash does not match id, invalid data returned',
    ],
  },
  {
    id: 'restic-pack-missing',
    severity: 'ERROR',
    cause: 'A pack file that the index names is gone from the repository.',
    remedy:
      'Who removes files there: a lifecycle rule of the bucket, a cleaner, a second program? Stop it, then follow the repair.',
    link: 'https://restic.readthedocs.io/en/stable/077_troubleshooting.html',
    text: /pack [0-9a-f]{8,64}: does not exist|pack file .{0,20}not found in the repository|not found in index/,
    examples: ['pack 9c4c2c4e: does not exist', 'tree 1b2c3d: blob 5d6e not found in index'],
  },
  {
    id: 'restic-snapshot-missing',
    severity: 'ERROR',
    cause: 'The snapshot is not in the repository any more.',
    remedy: 'It was removed by retention, by hand or by another program. Take another one, or the second copy.',
    codes: ['SNAPSHOT_GONE'],
    text: /no matching ID found for prefix|snapshot [0-9a-f]{8,64} (?:not found|does not exist)/,
    examples: ['Fatal: failed to find snapshot: no matching ID found for prefix "1a2b3c4d"'],
  },
  {
    id: 'restic-version-of-repository',
    severity: 'ERROR',
    cause: 'The repository was made or changed by a newer restic than the one that is installed.',
    remedy: 'Install a newer restic.',
    text: /unsupported repository version|repository version \d+ (?:is )?not supported/,
    examples: ['Fatal: config cannot be loaded: unsupported repository version'],
  },
  {
    id: 'restic-append-only',
    severity: 'WARNING',
    cause: 'The place lets nothing be removed: it is append-only, or locked by its object lock.',
    remedy:
      'That protects against an attacker. Prune from a machine that may, or leave this repository out of retention.',
    text: /append.?only|ObjectLocked|object is WORM protected|403 Forbidden.{0,80}DELETE|Blocked in append-only/i,
    examples: [
      'blob not removed, server response: 403 Forbidden (403): Blocked in append-only mode',
      'AccessDenied: object is WORM protected and cannot be overwritten',
    ],
  },
  {
    id: 'restic-cache-unwritable',
    severity: 'WARNING',
    cause: 'restic cannot write its cache, so it reads the index from the repository each time.',
    remedy: 'Give the account that runs this program a DATA_DIR that it may write to.',
    text: /unable to open cache|unable to locate cache directory/,
    examples: ['unable to open cache: mkdir /root/.cache/restic: read-only file system'],
  },
  {
    id: 'restic-file-changed',
    severity: 'WARNING',
    cause: 'A file changed or vanished while it was read.',
    remedy: 'Save a database through its own kind of source. For other files, choose a quiet hour or leave them out.',
    text: /file (?:already )?(?:changed|vanished|has been removed)|error: (?:lstat|open) .{1,400}: no such file or directory/,
    examples: [
      'error: lstat /srv/uploads/tmp/upload-1.part: no such file or directory',
      'file changed as we read it: /srv/a.log',
    ],
  },
]
