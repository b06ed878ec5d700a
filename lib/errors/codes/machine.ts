import { entry } from './entry.ts'

/** The machine and its set-up. */
export const machine = {
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
  INSTALLATION_OF_ANOTHER_VERSION: entry<{ problem: string; migration: string }>({
    kind: 'machine',
    retry: 'never',
    message: (d) =>
      `The installation was saved by another version of the program: its migration ${d.migration} ${d.problem}.`,
    remedy: () => 'Nothing was changed. Restore with the version that saved it, then update that one.',
  }),
  UNEXPECTED: entry({
    kind: 'internal',
    retry: 'later',
    message: () => 'Something went wrong that the program did not foresee.',
    remedy: () => 'Look for the request or run id in the server’s log, and report it with that line.',
  }),
}
