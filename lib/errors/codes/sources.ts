import { entry } from './entry.ts'

/** What is backed up, and brought back. */
export const sources = {
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
  SOURCE_RIGHTS_MISSING: entry<{ source: string; missing: string[]; grant: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.source} does not let the account read everything: ${d.missing.join(', ')}.`,
    remedy: (d) => `Give it the rights, as its administrator: ${d.grant} Then try again.`,
  }),
  SOURCE_TLS_FAILED: entry<{ source: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `No encrypted connection to ${d.source} came about: ${d.reason}.`,
    remedy: () =>
      'Check that the server offers TLS, that its certificate names the host, and that the file with the authority’s certificate is the right one; or choose another encryption mode.',
  }),
  SOURCE_STALLED: entry<{ seconds: number }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `Nothing moved for ${d.seconds} seconds, so the run was ended.`,
    remedy: () =>
      'Check that the source and the repository answer, and that nothing holds a lock on the data. Where such a pause is normal, raise STALL_TIMEOUT.',
  }),
  SOURCE_TOO_SLOW: entry<{ seconds: number }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The source gave no answer within ${d.seconds} seconds.`,
    remedy: () =>
      'Check that the server answers, that no firewall drops the connection silently, and that nothing holds a lock; then try again.',
  }),
  SOURCE_OUT_OF_SIGHT: entry<{ environment: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `This server makes no backups of the environment “${d.environment}”, so it cannot look at its sources.`,
    remedy: () =>
      'Save the source without a test: the worker that serves the environment looks at it when a backup of it is triggered.',
  }),
  SOURCE_LOOK_UNSUPPORTED: entry<{ kind: string; what: 'discovery' | 'preview' }>({
    kind: 'input',
    retry: 'never',
    message: (d) =>
      d.what === 'preview'
        ? `Sources of the kind ${d.kind} have no patterns to preview.`
        : `With sources of the kind ${d.kind} there is nothing to discover.`,
    remedy: () => 'Ask for it only where the list of kinds says that it is possible.',
  }),
  SOURCE_IN_USE: entry<{ name: string; backupIds: string[] }>({
    kind: 'conflict',
    retry: 'later',
    message: (d) => `A backup of “${d.name}” is queued or running.`,
    remedy: (d) => `Wait until it has ended, or cancel it (${d.backupIds.join(', ')}); then delete the source again.`,
  }),
  SOURCE_PART_UNKNOWN: entry<{ part: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The source has no part “${d.part}”.`,
    remedy: () => 'Trigger the whole source, or name a database that its settings include.',
  }),
  SOURCE_SELECTION_EMPTY: entry<{ source: string; what: string[] }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.source} has nothing of what the settings choose: ${d.what.join(', ')}.`,
    remedy: () =>
      'Correct the names in the source’s settings; they are case-sensitive. Nothing was saved of this attempt.',
  }),
  SCRATCH_FULL: entry<{ folder: string }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `The disk of the scratch folder ${d.folder} is full.`,
    remedy: () =>
      'Free space on the disk of DATA_DIR, or move DATA_DIR to a larger one. Nothing was saved of this attempt.',
  }),
  SOURCE_DATABASE_UNKNOWN: entry<{ database: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `There is no database “${d.database}” on the server.`,
    remedy: () => 'Check the name; it is case-sensitive.',
  }),
  SOURCE_BUCKET_UNKNOWN: entry<{ bucket: string; region: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `There is no bucket “${d.bucket}” in the region ${d.region} of the service.`,
    remedy: () => 'Check the name of the bucket, the address and the region in the source’s settings.',
  }),
  SOURCE_QUERY_FAILED: entry<{ name: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The export “${d.name}” failed: ${d.reason}.`,
    remedy: () => 'Correct the table name or the query in the source’s settings.',
  }),
  USER_DATA_PERSON_UNKNOWN: entry<{ person: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `The source holds nothing of a person with the id “${d.person}”.`,
    remedy: () => 'Check the id: it is compared exactly with the columns and queries of the source’s settings.',
  }),
  USER_DATA_NOT_PER_PERSON: entry<Record<string, never>>({
    kind: 'conflict',
    retry: 'never',
    message: () => 'The source does not say which of its data belongs to whom.',
    remedy: () =>
      'Choose a source of kind “user-data”, and give its exports the column with the person’s id, or a query for one person.',
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
  SOURCE_FOLDER_EMPTY: entry<{ path: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `There is nothing to save in ${d.path}: ${d.reason}.`,
    remedy: () =>
      'Check that its disk is mounted and what the source leaves out. If the folder may be empty, allow that in the source’s settings (mayBeEmpty).',
  }),
  COMMANDS_FILE_INVALID: entry<{ file: string; reason: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) => `The file of allowed commands ${d.file} is not used: ${d.reason}.`,
    remedy: () =>
      'Let the operator of the worker’s machine correct the file that COMMANDS_FILE names. See docs/sources/command.md.',
  }),
  COMMAND_NOT_ALLOWED: entry<{ what: string; file: string | null }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `This worker does not allow ${d.what}.`,
    remedy: (d) =>
      d.file === null
        ? 'No command is allowed here. Let the operator of the worker’s machine list the allowed ones in a file and name it in COMMANDS_FILE.'
        : `Correct the settings of the source or hook, or let the operator of the worker’s machine allow it in ${d.file}.`,
  }),
  RESTORE_COMMAND_FAILED: entry<{ command: string; exit: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `The program that restores “${d.command}” failed (${d.exit}): ${d.reason}.`,
    remedy: () =>
      'What it changed before it failed is known to the program alone: look at the target, then read the run’s log, mend the cause and restore again.',
  }),
  INSTALLATION_SOURCE_EXISTS: entry<{ source: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The installation itself is a source already: ${d.source}.`,
    remedy: () => 'Use that one, or delete it first. Full backups take it by themselves.',
  }),
  RESTORE_CONTENT_WRONG: entry<{ what: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `What came back of ${d.what} is not whole: ${d.reason}.`,
    remedy: () =>
      'Nothing was put into place. Check the repository (restic check --read-data) and restore another snapshot.',
  }),
  RESTORE_TARGET_NOT_EMPTY: entry<{ target: string; holds: string[] }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.target} is not empty: ${d.holds.join(', ')}.`,
    remedy: () =>
      'Nothing was changed. Restore into an empty place, or remove what is there first, if nobody needs it any more.',
  }),
  RESTORE_COPY_FAILED: entry<{ target: string; exit: string; reason: string }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The restored files could not be copied to ${d.target} (${d.exit}): ${d.reason}.`,
    remedy: () =>
      'Nothing was replaced there. Check the space on its disk, that the worker may write there, and that it can hold owners, ACLs and extended attributes; or restore to another folder.',
  }),
  RESTORE_TOOL_FAILED: entry<{ tool: string; exit: string; reason: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) => `${d.tool} could not restore (${d.exit}): ${d.reason}.`,
    remedy: () => 'The target is as it was before. Restore into an empty database, with the roles that the dump names.',
  }),
}
