import type { Rule } from '../rule.ts'

/** What PostgreSQL’s server and its tools say. */
export const postgresRules: readonly Rule[] = [
  {
    id: 'postgres-password',
    severity: 'ERROR',
    cause: 'PostgreSQL refused the password.',
    remedy:
      'Enter the right password in the settings of the source. On the server, see that the account may sign in with one.',
    text: /PostgreSQL at .{1,300} refused the sign-in: (?:the password of|it wants a password)|password authentication failed for user|no password supplied|fe_sendauth/,
    examples: [
      'PostgreSQL at db:5432 refused the sign-in: the password of backup is wrong.',
      'pg_dump: error: connection to server at "db" (10.0.0.5), port 5432 failed: FATAL:  password authentication failed for user "backup"',
      'pg_dump: error: connection to server at "db" (10.0.0.5), port 5432 failed: fe_sendauth: no password supplied',
    ],
  },
  {
    id: 'postgres-pg-hba',
    severity: 'ERROR',
    cause: 'PostgreSQL lets this machine and account not in: no line of pg_hba.conf fits.',
    remedy: 'Add a line for the account and the address of this machine to pg_hba.conf and reload the server.',
    link: 'https://www.postgresql.org/docs/current/auth-pg-hba-conf.html',
    text: /no pg_hba\.conf entry for|pg_hba\.conf rejects connection/,
    examples: ['FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "backup", database "shop", no encryption'],
  },
  {
    id: 'postgres-database-missing',
    severity: 'ERROR',
    cause: 'There is no database of that name on the server.',
    remedy: 'Was it renamed or deleted? Correct the source, or take all databases of the server.',
    codes: ['SOURCE_DATABASE_UNKNOWN'],
    text: /There is no database “.{1,200}” on the server|FATAL: +database ".{1,200}" does not exist/,
    examples: [
      'There is no database “shop” on the server.',
      'pg_dump: error: connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: FATAL:  database "shop" does not exist',
    ],
  },
  {
    id: 'postgres-role-missing',
    severity: 'ERROR',
    cause: 'A role that something belongs to does not exist there.',
    remedy: 'Restore the roles of the server first (its globals), make the role, or restore without owners.',
    text: /role ".{1,200}" does not exist/,
    examples: ['pg_restore: error: could not execute query: ERROR:  role "shop_owner" does not exist'],
  },
  {
    id: 'postgres-permission',
    severity: 'ERROR',
    cause: 'The account of the source may not read something that belongs to the backup.',
    remedy: 'Grant it pg_read_all_data, or select on the table that is named.',
    link: 'https://www.postgresql.org/docs/current/predefined-roles.html',
    text: /permission denied for (?:table|schema|sequence|relation|large object|database|view|function)|must be owner of/,
    examples: [
      'pg_dump: error: query failed: ERROR:  permission denied for table payments',
      'pg_dump: detail: Query was: LOCK TABLE public.payments IN ACCESS SHARE MODE; permission denied for schema audit',
    ],
  },
  {
    id: 'postgres-row-security',
    severity: 'ERROR',
    cause: 'Row-level security would hide rows from the account, so that the backup would not be whole.',
    remedy: 'Give the account BYPASSRLS, or use one that has it.',
    text: /query would be affected by row-level security policy/,
    examples: [
      'pg_dump: error: query failed: ERROR:  query would be affected by row-level security policy for table "orders"',
    ],
  },
  {
    id: 'postgres-version',
    severity: 'ERROR',
    cause: 'The installed PostgreSQL client is older than the server.',
    remedy: 'Install the client of the server’s version on the worker’s machine.',
    codes: ['SOURCE_TOOL_TOO_OLD'],
    text: /aborting because of server version mismatch|unsupported version \(\d+\.\d+\) in file header/,
    examples: [
      'pg_dump: error: aborting because of server version mismatch',
      'pg_restore: error: unsupported version (1.16) in file header',
    ],
  },
  {
    id: 'postgres-too-many-connections',
    severity: 'ERROR',
    cause: 'The server has no connection left.',
    remedy: 'Find what holds them (pg_stat_activity), raise max_connections, or start backups at another hour.',
    text: /it has no connection left to give|too many clients already|remaining connection slots are reserved|too many connections for (?:role|database)/,
    examples: [
      'PostgreSQL at db:5432 cannot be reached: it has no connection left to give.',
      'FATAL:  sorry, too many clients already',
      'FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute',
    ],
  },
  {
    id: 'postgres-starting',
    severity: 'WARNING',
    cause: 'The server is starting, stopping or recovering.',
    remedy: 'Wait until it is up. If it goes on, see the log of the server.',
    text: /the server is (?:starting up or shutting down|being shut down)|the database system is (?:starting up|shutting down|in recovery mode|not yet accepting connections)/,
    examples: [
      'PostgreSQL at db:5432 cannot be reached: the server is starting up or shutting down.',
      'FATAL:  the database system is starting up',
      'FATAL:  the database system is in recovery mode',
    ],
  },
  {
    id: 'postgres-connection-lost',
    severity: 'ERROR',
    cause: 'The server ended the connection in the middle of the dump.',
    remedy: 'See its log: was it restarted, did it crash, did somebody end the session, or a proxy time it out?',
    text: /server closed the connection unexpectedly|terminating connection due to (?:administrator command|idle)|SSL SYSCALL error: EOF detected|lost synchronization with server/,
    examples: [
      'pg_dump: error: Dumping the contents of table "orders" failed: PQgetCopyData() failed: server closed the connection unexpectedly',
      'FATAL:  terminating connection due to administrator command',
    ],
  },
  {
    id: 'postgres-recovery-conflict',
    severity: 'WARNING',
    cause: 'The dump on a standby was cancelled since the primary removed rows that it still read.',
    remedy:
      'Dump from the primary, or set hot_standby_feedback or a longer max_standby_streaming_delay on the standby.',
    link: 'https://www.postgresql.org/docs/current/hot-standby.html',
    text: /canceling statement due to conflict with recovery/,
    examples: ['pg_dump: error: Error message from server: ERROR:  canceling statement due to conflict with recovery'],
  },
  {
    id: 'postgres-statement-timeout',
    severity: 'ERROR',
    cause: 'A time limit of the server cancelled the dump.',
    remedy: 'Set statement_timeout, lock_timeout and idle timeouts to 0 for the account of the source.',
    text: /canceling statement due to (?:statement|lock|user) timeout|canceling statement due to user request/,
    examples: [
      'ERROR:  canceling statement due to statement timeout',
      'ERROR:  canceling statement due to lock timeout',
    ],
  },
  {
    id: 'postgres-lock-table',
    severity: 'ERROR',
    cause: 'The server has no room for so many locks: the database has more tables than it expects.',
    remedy: 'Raise max_locks_per_transaction and restart the server.',
    text: /You might need to increase "?max_locks_per_transaction|out of shared memory/,
    examples: ['HINT:  You might need to increase "max_locks_per_transaction".', 'ERROR:  out of shared memory'],
  },
  {
    id: 'postgres-data-corrupt',
    severity: 'ERROR',
    cause: 'PostgreSQL found damaged data in the database itself.',
    remedy:
      'Keep the backups that there are: pin the newest good one. Check the disk, then restore or repair the table that is named.',
    text: /invalid page in block \d+ of relation|could not read block \d+|missing chunk number \d+ for toast value|compressed pglz data is corrupt|page verification failed/,
    examples: [
      'ERROR:  invalid page in block 42 of relation base/16384/16397',
      'ERROR:  missing chunk number 0 for toast value 26754 in pg_toast_16385',
    ],
  },
  {
    id: 'postgres-extension-missing',
    severity: 'ERROR',
    cause: 'An extension that the database uses is not installed on the server it is restored to.',
    remedy: 'Install the package of the extension there, in the same version or a newer one.',
    text: /could not open extension control file|extension ".{1,100}" is not available|could not access file ".{1,200}": No such file/,
    examples: [
      'ERROR:  could not open extension control file "/usr/share/postgresql/17/extension/postgis.control": No such file or directory',
      'ERROR:  extension "postgis" is not available',
    ],
  },
  {
    id: 'postgres-restore-conflict',
    severity: 'ERROR',
    cause: 'Something of that name is there already.',
    remedy: 'Restore into a new database, or into an empty one.',
    text: /ERROR: +(?:relation|type|schema|function|constraint|index) ".{1,200}" (?:for relation ".{1,200}" )?already exists/,
    examples: ['pg_restore: error: could not execute query: ERROR:  relation "orders" already exists'],
  },
  {
    id: 'postgres-duplicate-key',
    severity: 'ERROR',
    cause: 'A row that is restored has the key of one that is there.',
    remedy: 'Choose what becomes of such rows (skip, replace), or restore into an empty table.',
    text: /duplicate key value violates unique constraint/,
    examples: ['ERROR:  duplicate key value violates unique constraint "orders_pkey"'],
  },
]
