import { entry } from './entry.ts'

/** What somebody sent. */
export const requests = {
  INPUT_INVALID: entry<{ issues: { path: string; problem: string }[] }>({
    kind: 'input',
    retry: 'never',
    message: (d) =>
      `The request is not valid: ${d.issues.map((i) => `${i.path || 'input'}: ${i.problem}`).join('; ')}.`,
    remedy: () => 'Correct the fields that are named and send it again.',
  }),
  LOG_RULE_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no rule for logs ${d.id}.`,
    remedy: () => 'See those that there are on the page Rules for logs.',
  }),
  LOG_RULES_FULL: entry<{ most: number }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `There are ${d.most} rules for logs already.`,
    remedy: () => 'Delete those that nobody needs any more, or make one of several.',
  }),
  CONFIGURATION_CHANGED: entry({
    kind: 'conflict',
    retry: 'never',
    message: () => 'The configuration is not what it was when the changes were shown; nothing was changed.',
    remedy: () => 'Look at the changes again, then apply them.',
  }),
  CONFIGURATION_STOPPED: entry<{ at: string; problem: string; remedy: string; done: string[] }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `The configuration could not be applied: ${d.at}: ${d.problem} ${d.done.length === 0 ? 'Nothing was changed.' : `Done before, and kept: ${d.done.join(', ')}; nothing else was changed.`}`,
    remedy: (d) => `${d.remedy} Then apply the file again: what is done is not done twice.`,
  }),
  ENVIRONMENT_UNKNOWN: entry<{ name: string; known: string[] }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no environment named “${d.name}”.`,
    remedy: (d) => (d.known.length > 0 ? `Use one of: ${d.known.join(', ')}.` : 'Create an environment first.'),
  }),
  ENVIRONMENT_IN_USE: entry<{ name: string; sources: number }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `The environment “${d.name}” cannot be deleted: ${d.sources} sources belong to it, deleted ones included.`,
    remedy: () => 'Disable its sources instead. Their history would go with it.',
  }),
  ENVIRONMENT_NOT_CONFIRMED: entry<{ environment: string; action: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The environment “${d.environment}” is protected: to ${d.action} needs its name.`,
    remedy: (d) => `If it is what you mean, repeat the request with “${d.environment}” as its confirmation.`,
  }),
  SOURCE_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no source “${d.id}” in the chosen environments.`,
    remedy: () => 'List the sources and use an id from there, or leave the sources out to take them all.',
  }),
  REQUEST_ABANDONED: entry({
    kind: 'input',
    retry: 'later',
    message: () => 'The request was given up before there was an answer.',
    remedy: () => 'Send it again and wait for the answer.',
  }),
  SOURCE_DISABLED: entry<{ name: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The source “${d.name}” is disabled.`,
    remedy: () => 'Enable it, or leave it out of the backup.',
  }),
  SOURCE_SETTINGS_MISSING: entry<{ name: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `The settings of the source “${d.name}” are not known: it was read back from a repository, which holds none.`,
    remedy: () => 'Enter its settings, then enable it. It goes on with its own history.',
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
  DATABASE_NAME_UNKNOWN: entry<{ name: string; known: string[] }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `No database source is named “${d.name}”.`,
    remedy: (d) => (d.known.length > 0 ? `Use one of: ${d.known.join(', ')}.` : 'Add a source of type DATABASE first.'),
  }),
  PLAN_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no plan “${d.id}”.`,
    remedy: () => 'List the plans; it may have been deleted.',
  }),
  PLAN_EMPTY: entry<{ name: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The plan “${d.name}” takes no source.`,
    remedy: () => 'Choose others, or enable the ones that it means.',
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
  IDEMPOTENCY_KEY_REUSED: entry<{ key: string; backupId: string; what?: 'backup' | 'restore' }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) =>
      `The idempotency key “${d.key}” was already used for a different request (${d.what ?? 'backup'} ${d.backupId}).`,
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
}
