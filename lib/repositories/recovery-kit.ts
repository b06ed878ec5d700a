import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { oneLine, shellWord } from '#lib/sources/shell-text.ts'
import type { Repository } from '#prisma/client/client.ts'
import { passwordOf, placeOf } from './access.ts'
import { findRepository, type RepositoryDeps } from './find.ts'
import type { BackendFile } from './kind.ts'
import { type KeyCopy, keyCopyOf, trySecureKeys } from './secure-keys.ts'

/** Whether the newest kit that somebody took still opens the repository: it is older than neither the password nor the place. */
export function isKitCurrent({
  kitTakenAt,
  passwordChangedAt,
  settingsChangedAt,
}: Pick<Repository, 'kitTakenAt' | 'passwordChangedAt' | 'settingsChangedAt'>): boolean {
  return kitTakenAt !== null && kitTakenAt >= passwordChangedAt && kitTakenAt >= settingsChangedAt
}

/**
 * Everything that is needed to restore without this program, as a text to print or to keep elsewhere: the address, the
 * password, the exact commands, and a copy of the key file for the case that the repository has lost its own. Each call is an
 * audit event, and counts as taking the kit. Throws FORBIDDEN, REPOSITORY_UNKNOWN, SECRET_UNREADABLE.
 */
export async function recoveryKit(
  deps: RepositoryDeps,
  actor: Actor | null,
  id: string,
): Promise<{ filename: string; text: string }> {
  requireScope(actor, 'settings:write', 'see a recovery kit')
  const found = await findRepository(deps, id)
  const repository = found.sealedKeyFile === null ? await trySecureKeys(deps, found) : found
  const { kind, settings } = placeOf(deps.secretKey, repository)
  const { env = {}, options = [], files = [] } = kind.backend(settings)
  const keyCopy = keyCopyOf(deps, repository)
  const variables = {
    RESTIC_REPOSITORY: kind.location(settings),
    RESTIC_PASSWORD: passwordOf(deps.secretKey, repository),
    ...(repository.keyId === null ? {} : { RESTIC_KEY_HINT: repository.keyId }),
    ...env,
  }
  const restic = ['restic', ...options.flatMap((option) => ['-o', shellWord(option)])].join(' ')
  const copyTo = repository.copyToId && (await findRepository(deps, repository.copyToId))
  const sources = await deps.prisma.source.findMany({
    where: { runs: { some: { repositoryId: id, snapshotId: { not: null } } } },
    include: { environment: true },
    orderBy: [{ environment: { position: 'asc' } }, { name: 'asc' }],
  })
  await deps.prisma.$transaction(async (tx) => {
    await record(tx, { actor, action: 'repository.kit', target: { type: 'repository', id } })
    // Unless the password or the place was changed since it was read: then another one must be taken.
    await tx.$executeRaw`
      update repositories set kit_taken_at = clock_timestamp()
      where id = ${id}::uuid and sealed_password = ${repository.sealedPassword}
        and settings_changed_at = ${repository.settingsChangedAt}`
  })
  const text = [
    `# Recovery kit of the repository “${oneLine(repository.name)}” (${kind.title})`,
    `# Made ${deps.clock.now().toISOString()}. Whoever has this text can read every backup: keep it as you keep a key,`,
    '# and not on the machines that are backed up.',
    '#',
    '# You need restic 0.17.1 or newer (https://restic.net) and a POSIX shell. Everything below is commands for it,',
    '# to be entered in an empty folder.',
    '',
    ...(copyTo
      ? [
          `# Copies of what is saved there are in the repository “${oneLine(copyTo.name)}”: ${oneLine(copyTo.location)}`,
          '# It has a recovery kit of its own.',
          '',
        ]
      : []),
    '# 1. How to get in',
    ...files.map(hereDocument),
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(plain(value))}`),
    '',
    '# 2. What is there',
    `${restic} snapshots`,
    '',
    '# 3. The newest state of each source, below ./restored',
    ...sources.flatMap((source) => [
      `#    ${oneLine(source.environment.name)}: ${oneLine(source.name)} (${source.kind})`,
      `${restic} restore latest --tag source:${source.id} --target ./restored/${source.id}`,
    ]),
    ...(sources.length === 0
      ? ['#    Nothing was saved there when this kit was made: take an id from the list above.']
      : []),
    '',
    '# A source with several databases has a snapshot for each; the list above shows them by their tag part:…',
    '# Then give restore the id of a snapshot instead of “latest --tag …”.',
    '',
    ...(keyCopy === null ? WITHOUT_KEY_FILE : keyFileSection(keyCopy, restic)),
    '',
  ].join('\n')
  return { filename: `recovery-kit-${repository.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.txt`, text }
}

const WITHOUT_KEY_FILE = [
  '# The repository could not be asked for its key file when this kit was made. Take another kit once it can be reached: it',
  '# helps when the repository loses its key files.',
]

function keyFileSection({ id, content }: KeyCopy, restic: string): string[] {
  return [
    '# 4. If the key files of the repository are lost or damaged',
    '#    restic then says “wrong password or no key found”, or “invalid data returned” for a key. The data is unharmed. Write',
    '#    this file, which the password above opens, and put it into the folder “keys” of the repository under the very name',
    '#    that it has here; for a folder with cp, for others with sftp, rclone or the console of the storage.',
    `(umask 077; printf %s ${shellWord(content)} > ./${id})`,
    '#    Remove damaged files from that folder, best with restic once it opens again:',
    `#    ${restic} key remove ID`,
  ]
}

const plain = (value: Secret | string): string => (value instanceof Secret ? value.reveal() : value)

/** A here-document with a mark that no line of the content is. */
function hereDocument({ name, content, isProgram }: BackendFile): string {
  const text = plain(content)
  const lines = text.split('\n')
  let mark = 'END'
  while (lines.includes(mark)) mark += '_'
  const body = text.endsWith('\n') ? text : `${text}\n`
  return `(umask 077; cat > ./${name} <<'${mark}'\n${body}${mark}\n)${isProgram ? `\nchmod 700 ./${name}` : ''}`
}
