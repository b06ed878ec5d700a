import { AES, BORG_INIT, type Pipeline, RESTIC_INIT } from './pipeline.ts'

/** What others run for PostgreSQL, from their public source as of mid-2026. The connection is in libpq's variables. */
export const postgresPeers: readonly Pipeline[] = [
  {
    name: 'script: zstd, AES',
    does: '`pg_dump | zstd -3 | openssl aes-256-ctr`',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['zstd', 'openssl'],
    run: `pg_dump | zstd -3 --quiet | ${AES} > "$TARGET/dump"`,
    whyFaster: 'it does not look for what is stored already, and stores all of it again each time',
  },
  {
    name: 'Databasus',
    does: '`pg_dump -Fc -Z 5` (gzip; zstd only from PostgreSQL 16 on), AES',
    encrypts: true,
    compresses: true,
    keeps: 'whole dumps',
    needs: ['openssl'],
    run: `pg_dump -Fc --no-password --verbose -Z 5 2> "$WORK/log" | ${AES} > "$TARGET/dump"`,
  },
  {
    name: 'kamal-backup',
    does: '`restic backup --stdin-from-command -- pg_dump --format=custom` (gzip inside)',
    encrypts: true,
    compresses: true,
    keeps: 'repository',
    needs: [],
    prepare: RESTIC_INIT,
    run: 'restic backup --stdin-filename dump --stdin-from-command -- pg_dump --format=custom --no-owner --no-privileges',
  },
  {
    name: 'borgmatic',
    does: '`pg_dump --format custom` (gzip inside) through a named pipe into `borg create`, lz4',
    encrypts: true,
    compresses: true,
    keeps: 'repository',
    needs: ['borg'],
    prepare: BORG_INIT,
    run: `mkfifo "$WORK/dump"; pg_dump --format custom > "$WORK/dump" & borg create --read-special "::$RUN" "$WORK/dump"; wait $!; rm "$WORK/dump"`,
  },
]
