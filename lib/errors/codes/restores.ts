import { entry } from './entry.ts'

const restoreAnew = 'Mend the cause, then restore again, into an empty folder or with “overwrite” over what is there.'

/** What a restore that was stopped may have left: a part of the snapshot, saved files among those that were there, or nothing. */
type Left = 'part' | 'mixture' | 'nothing'
const leftText = ({ folder, left }: { folder: string; left: Left }) =>
  ({
    part: `${folder} may hold a part of the snapshot.`,
    mixture: `In ${folder} some files may be those of the snapshot, and others as they were.`,
    nothing: 'Nothing was written.',
  })[left]

/** How a restore was refused or ended. */
export const restores = {
  SNAPSHOT_MATCHES_TOO_MANY: entry<{ pattern: string }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `“${d.pattern}” is found in too many places to list them.`,
    remedy: () => 'Name more of it: a longer part of the name, or the folder before it.',
  }),
  RESTORE_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no restore “${d.id}”.`,
    remedy: () => 'Take its id from the list of restores.',
  }),
  RESTORE_ALREADY_ENDED: entry<{ id: string; state: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The restore “${d.id}” has already ended: ${d.state}.`,
    remedy: () => 'Nothing needs to be done.',
  }),
  RESTORE_TARGET_BUSY: entry<{ folder: string; restoreId: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The restore “${d.restoreId}” goes to the same place as ${d.folder}.`,
    remedy: () => 'Wait until it has ended or cancel it, or restore into another folder.',
  }),
  RESTORE_NOT_INTO_PLACE: entry<{ kind: string; why: string }>({
    kind: 'input',
    retry: 'never',
    message: (d) => `A backup of the kind ${d.kind} cannot be brought there: ${d.why}.`,
    remedy: () => 'Restore it into a folder, or follow the restore document of the backup.',
  }),
  RESTORE_NOT_CONFIRMED: entry<{ name: string; what: 'database' | 'server' | 'source' | 'rows' }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      ({
        database: `To put a backup in the place of the database “${d.name}”, its name must be repeated.`,
        server: `To put a backup in the place of all that ${d.name} holds, its address must be repeated.`,
        source: `To write over the files of “${d.name}” where they are, its name must be repeated.`,
        rows: `To replace rows in the tables of “${d.name}”, its name must be repeated.`,
      })[d.what],
    remedy: (d) =>
      ({
        database: `Send confirmReplace: "${d.name}" (--replace ${d.name}). Nothing was changed.`,
        server: `Send confirmReplace: "${d.name}" (--replace ${d.name}). Nothing was changed.`,
        source: `Send confirmSource: "${d.name}" (--confirm-source). Nothing was changed; a dry run shows what would be.`,
        rows: `Send confirmReplace: "${d.name}" (--confirm-source). Nothing was changed.`,
      })[d.what],
  }),
  RESTORE_NO_KEY: entry<{ tables: string[] }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `Rows that are there cannot be told from the saved ones in tables without a primary key: ${d.tables.join(', ')}.`,
    remedy: () => 'Nothing was changed. Give them a primary key, or restore into empty tables.',
  }),
  RESTORE_IN_THE_WAY: entry<{ count: number; names: string[] }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `Something that is no folder stands where ${d.count === 1 ? 'a folder' : `${d.count} folders`} of the snapshot would be: ${d.names.join(', ')}${d.count > d.names.length ? ', …' : ''}.`,
    remedy: () =>
      'Nothing was changed. Files and links are not replaced by folders: move them away, or restore into another folder.',
  }),
  RESTORE_NOT_TO_APPROVE: entry<{ id: string; state: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The restore “${d.id}” waits for no approval: it is ${d.state}.`,
    remedy: () => 'Only those that go from another environment into a protected one are approved, before they begin.',
  }),
  RESTORE_APPROVAL_OWN: entry<{ id: string }>({
    kind: 'forbidden',
    retry: 'never',
    message: (d) => `The restore “${d.id}” must be approved by another administrator than the one who asked for it.`,
    remedy: () => 'Ask another administrator to look at it.',
  }),
  RESTORE_NOT_APPROVED: entry<{ hours: number }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `Nobody has approved it within ${d.hours} hours.`,
    remedy: () => 'Nothing was changed. Ask for it again when another administrator is there to approve it.',
  }),
  RESTORE_SERVER_LACKS: entry<{ lacks: string[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The server lacks what the database needs: ${d.lacks.join(', ')}.`,
    remedy: () =>
      'Nothing was changed. Make the roles first (the backup of a whole server holds them), or restore without owners and rights. Install missing extensions on the server.',
  }),
  RESTORE_TABLES_DIFFER: entry<{ place: string; problems: string[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `What is in ${d.place} now is not what was saved: ${d.problems.join(' ')}`,
    remedy: () => 'Do not use it before you know why. Restore another backup into another new place and compare.',
  }),
  RESTORE_INCOMPLETE: entry<{ folder: string; count: number; names: string[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) =>
      `${d.folder} is not complete: ${d.count === 1 ? '1 problem' : `${d.count} problems`}: ${d.names.join('; ')}${d.count > d.names.length ? '; …' : ''}.`,
    remedy: () =>
      `When it is PARTIAL, all that is not named was restored. Free space or give rights where the disk is the reason, and check the repository where its data is. ${restoreAnew}`,
  }),
  RESTORE_MISCOUNTED: entry<{ folder: string; found: string; expected: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `${d.folder} holds ${d.found}, and the snapshot ${d.expected}.`,
    remedy: () => `See that nothing else writes into the folder. ${restoreAnew}`,
  }),
  RESTORE_CANCELLED: entry<{ by: string; folder: string; left: Left }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `Cancelled by ${d.by}. ${leftText(d)}`,
    remedy: ({ left }) =>
      ({
        part: 'Remove what was restored, if nobody needs it.',
        mixture: 'Restore again the same way to bring back the rest: what is equal already is left as it is.',
        nothing: 'Nothing needs to be done.',
      })[left],
  }),
  RESTORE_INTERRUPTED: entry<{ worker: string; folder: string; left: Left }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The worker ${d.worker} was stopped or died. ${leftText(d)}`,
    remedy: () => `It is not tried again by itself. Check the machine’s memory and its log. ${restoreAnew}`,
  }),
  RESTORE_STALLED: entry<{ seconds: number; folder: string; left: Left }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `Nothing moved for ${d.seconds} seconds. ${leftText(d)}`,
    remedy: () => `Check the repository and the disk that is restored to. ${restoreAnew}`,
  }),
  VERIFICATION_ALREADY_ACTIVE: entry<{ id: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The same snapshot is being verified already, by “${d.id}”.`,
    remedy: () => 'Wait until it has ended, or cancel it.',
  }),
  VERIFICATION_MISMATCH: entry<{ count: number; problems: string[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) =>
      `The snapshot can be restored, but ${d.count === 1 ? 'one check' : `${d.count} checks`} of what was restored failed: ${d.problems.join(' ')}`,
    remedy: () =>
      'Do not rely on this backup before you know why. Back up again and verify that, and check the repository; where an assertion failed, see whether it still says what should be true.',
  }),
  VERIFICATION_EXTENSION_MISSING: entry<{ extensions: string[] }>({
    kind: 'machine',
    retry: 'never',
    message: (d) =>
      `The server that verifications use does not have what the database needs: the ${d.extensions.length === 1 ? 'extension' : 'extensions'} ${d.extensions.join(', ')}.`,
    remedy: () =>
      'The bundled server has the extensions of PostgreSQL itself alone. Name a server that has the others with VERIFICATION_POSTGRES_URL, or try the restore of such a database by hand, as the restore document of the backup says.',
  }),
  VERIFICATION_SERVER_MISSING: entry<{ server: string; install: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `To verify a backup it is loaded into a server for that alone, and the worker has no ${d.server}.`,
    remedy: (d) => d.install,
  }),
  RESTORE_NO_SPACE: entry<{ folder: string; needed: number; free: number }>({
    kind: 'machine',
    retry: 'later',
    message: (d) =>
      `The snapshot has ${d.needed} bytes, and the disk of ${d.folder} has ${d.free} free: it cannot be restored there.`,
    remedy: () => 'Free space on the disk of DATA_DIR, or move DATA_DIR to a larger one.',
  }),
  VERIFICATION_CANCELLED: entry<{ by: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `Cancelled by ${d.by}.`,
    remedy: () => 'Verify again when you want to know.',
  }),
  VERIFICATION_INTERRUPTED: entry<{ worker: string }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `The worker ${d.worker} was stopped or died while it verified.`,
    remedy: () => 'Check the machine’s memory and its log, then verify again. A plan that verifies does so by itself.',
  }),
  VERIFICATION_STALLED: entry<{ seconds: number }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `Nothing moved for ${d.seconds} seconds.`,
    remedy: () => 'Check the repository and the disk of DATA_DIR, then verify again.',
  }),
}
