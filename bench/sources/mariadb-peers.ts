import { AES, AES_CBC, type Pipeline, RESTIC_INIT } from './pipeline.ts'

/**
 * What others run for MariaDB, from their public source as of mid-2026. DEFAULTS is the file with the connection, DATABASE
 * what is dumped.
 */
export const mariadbPeers: readonly Pipeline[] = [
  {
    name: 'script: zstd, AES',
    does: '`mariadb-dump --single-transaction | zstd -3 | openssl aes-256-ctr`',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['zstd', 'openssl'],
    run: `mariadb-dump --defaults-file="$DEFAULTS" --single-transaction "$DATABASE" | zstd -3 --quiet | ${AES} > "$TARGET/dump"`,
    whyFaster: 'it does not look for what is stored already, and stores all of it again each time',
  },
  {
    name: 'Databasus',
    does: '`mariadb-dump --skip-extended-insert --compress … | zstd -5`, AES',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['zstd', 'openssl'],
    run:
      'mariadb-dump --defaults-file="$DEFAULTS" --single-transaction --routines --quick --skip-add-locks --verbose ' +
      '--skip-extended-insert --triggers --events --compress --max-allowed-packet=1G "$DATABASE" 2> "$WORK/log" ' +
      `| zstd -5 --quiet | ${AES} > "$TARGET/dump"`,
  },
  {
    name: 'DBackup',
    does: '`mariadb-dump --net-buffer-length=16384` to a file, gzip, AES, SHA-256',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['gzip', 'openssl'],
    run:
      'mariadb-dump --defaults-file="$DEFAULTS" --net-buffer-length=16384 --databases "$DATABASE" > "$WORK/dump"; ' +
      `gzip -c "$WORK/dump" | ${AES} > "$TARGET/dump"; sha256sum "$TARGET/dump"; rm "$WORK/dump"`,
  },
  {
    name: 'gobackup',
    does: '`mysqldump` to a file, `tar | gzip | openssl aes-256-cbc`',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['gzip', 'openssl'],
    run:
      'mysqldump --defaults-file="$DEFAULTS" "$DATABASE" > "$WORK/dump"; ' +
      `tar --create --gzip --directory "$WORK" dump | ${AES_CBC} > "$TARGET/archive"; rm "$WORK/dump"`,
  },
  {
    name: 'kamal-backup',
    does: '`restic backup --stdin-from-command -- mariadb-dump --single-transaction --quick …`',
    encrypts: true,
    compresses: true,
    keeps: 'repository',
    needs: [],
    prepare: RESTIC_INIT,
    run:
      'restic backup --stdin-filename dump --stdin-from-command -- mariadb-dump --defaults-file="$DEFAULTS" ' +
      '--single-transaction --quick --skip-comments --no-tablespaces --routines --triggers --events "$DATABASE"',
    whyFaster: 'it is restic too, and does not check that the dump is complete',
  },
]
