/** Writes docs/recovery.md from what the drivers say of restoring by hand: `node scripts/recovery.ts`. */
import { writeFileSync } from 'node:fs'
import type { SourceKind } from '#lib/sources/kinds.ts'
import { driverOf } from '#lib/sources/registry.ts'

const folder = './restored/1-shop'

/** A source of each kind, as an example; several where parts come back differently. */
const examples: Record<SourceKind, { title?: string; settings: object; part?: string }[]> = {
  postgres: [
    {
      title: 'Roles first, where a whole server was saved:',
      settings: { host: 'db.example.org', user: 'backup', allDatabases: true },
      part: 'globals',
    },
    { title: 'Then each database:', settings: { host: 'db.example.org', user: 'backup', database: 'shop' } },
  ],
  mysql: [{ settings: { host: 'db.example.org', user: 'backup', database: 'shop' } }],
  sqlite: [{ settings: { path: '/srv/shop/shop.sqlite' } }],
  redis: [{ settings: { host: 'cache.example.org' } }],
  command: [{ settings: { command: 'mongodump' } }],
  'user-data': [
    {
      settings: {
        connection: { kind: 'postgres', host: 'db.example.org', user: 'backup', database: 'shop' },
        exports: [{ name: 'customers', table: 'public.customers' }],
      },
    },
  ],
  installation: [{ settings: {} }],
  files: [{ settings: { paths: ['/srv/uploads'] } }],
  s3: [{ settings: { bucket: 'media', accessKeyId: 'A', secretAccessKey: 'S' } }],
}

const intro = `# Recovery without this program

Everything that was saved comes back with [restic](https://restic.net) 0.17.1 or newer, a POSIX shell and the databases' own programs. This page is written by
\`node scripts/recovery.ts\` from what the drivers themselves say; a test compares it with the code, and another one enters the commands of a recovery kit and of a restore document,
literally, after all is lost, and compares what comes back.

## What to keep elsewhere

- **The recovery kit of each repository** (its page, or \`npx backup-trigger repositories kit <repository>\`): address, password and the commands that
  list and fetch everything. Without it nobody can read the backups. [More about it](repositories.md#the-recovery-kit).
- **The restore document of a backup** (its page, or \`npx backup-trigger restore-document <backup>\`): in which order its parts come back, with the commands for each, filled in with its own
  addresses and names. It holds no password. Take a new one when sources change.

With the kit alone everything can be fetched; the document, or this page, says how it goes on from there.

## In order

1. **Get in and fetch.** In an empty folder with enough room, enter part 1 of the recovery kit, which sets restic's variables. Then, for each source,
   what the restore document says, or part 3 of the kit:

   \`\`\`sh
   restic snapshots
   restic restore <snapshot> --sparse --target ${folder}
   \`\`\`

   Each snapshot has tags: \`source:…\`, \`run:…\`, \`part:…\`, and the kind of its source.
2. **Check it**, if there is time: \`restic check --read-data-subset 5%\`.
3. **Files**, then **databases**, then **user data**, as below, with the folder into which restic has put the snapshot.
4. **This program**, if it was lost as well: [the installation](#installation), or install it anew and [connect the repository](repositories.md).

Only what is replaced is lost: rename what is left of the old before, when there is room.
`

/** The page, with the commands of each kind as its driver gives them. */
export function recoveryPage(): string {
  const order: SourceKind[] = [
    'files',
    's3',
    'postgres',
    'mysql',
    'sqlite',
    'redis',
    'command',
    'user-data',
    'installation',
  ]
  const sections = order.map((kind) => {
    const { title, settings: parser, byHand } = driverOf(kind)
    const blocks = examples[kind].map((example) => {
      const lines = byHand(parser.parse(example.settings), { folder, part: example.part ?? '' })
      return `${example.title ? `${example.title}\n\n` : ''}\`\`\`sh\n${lines.join('\n')}\n\`\`\``
    })
    return `\n## ${kind === 'installation' ? 'Installation' : title}\n\n${blocks.join('\n\n')}\n\n[More about the kind \`${kind}\`](sources/${kind}.md)\n`
  })
  return intro + sections.join('')
}

if (import.meta.main) writeFileSync(new URL('../docs/recovery.md', import.meta.url), recoveryPage())
