import { entry } from './entry.ts'

/** How a run ended. */
export const runs = {
  FILES_UNREADABLE: entry<{ count: number; names: string[] }>({
    kind: 'source',
    retry: 'never',
    message: (d) =>
      `Saved, but ${d.count === 1 ? '1 file is' : `${d.count} files are`} not in the snapshot: ${d.names.join(', ')}${d.count > d.names.length ? ', …' : ''}.`,
    remedy: () =>
      'The log names each one and says why. Give the worker’s user the right to read them, or exclude them; then trigger again.',
  }),
  RUN_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `There is no run “${d.id}”.`,
    remedy: () => 'Take its id from the backup that it belongs to.',
  }),
  HOLD_UNKNOWN: entry<{ id: string }>({
    kind: 'not-found',
    retry: 'never',
    message: (d) => `Retention is not held by “${d.id}”.`,
    remedy: () => 'List the sources; it may have been released already.',
  }),
  RUN_CANCELLED: entry<{ by: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The run was cancelled by ${d.by}.`,
    remedy: () => 'Trigger a new backup when you want one. Earlier snapshots are unharmed.',
  }),
  RUN_TOO_LONG: entry<{ seconds: number }>({
    kind: 'source',
    retry: 'later',
    message: (d) => `The run took longer than its plan allows, ${d.seconds} seconds, and was stopped.`,
    remedy: () => 'See in its log what took so long. If it is to be expected, give the plan a longer time limit.',
  }),
  WORKER_STOPPED: entry({
    kind: 'machine',
    retry: 'later',
    message: () => 'The worker was shut down while the run was going on.',
    remedy: () => 'Trigger the backup again, or wait for the next scheduled one.',
  }),
  INSTALLATION_RESTORED: entry<{ moment: string }>({
    kind: 'conflict',
    retry: 'never',
    message: (d) => `The installation was restored as it was at ${d.moment}, when this was not over.`,
    remedy: () => 'How it ended is not known here. Start it again if it is still wanted.',
  }),
  WORKER_LOST: entry<{ worker: string }>({
    kind: 'machine',
    retry: 'later',
    message: (d) => `The worker ${d.worker} died while the run was going on.`,
    remedy: () => 'A new attempt is queued by itself while attempts are left. Check the machine’s memory and its log.',
  }),
  RUN_ADOPTED: entry<{ repository: string }>({
    kind: 'source',
    retry: 'never',
    message: (d) =>
      `It was read back from ${d.repository}, where nothing says whether it is whole: the next backup of the same would have noted that.`,
    remedy: () =>
      'It can be restored. Look at what comes back, and back the source up again for a state that is known.',
  }),
}
