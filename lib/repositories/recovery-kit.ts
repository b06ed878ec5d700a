import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { passwordOf, placeOf } from './access.ts'
import { findRepository, type RepositoryDeps } from './find.ts'
import type { BackendFile } from './kind.ts'

/**
 * Everything that is needed to restore without this program, as a text to print or to keep elsewhere: the address, the
 * password and the exact commands. Each call is an audit event. Throws FORBIDDEN, REPOSITORY_UNKNOWN, SECRET_UNREADABLE.
 */
export async function recoveryKit(
  deps: RepositoryDeps,
  actor: Actor | null,
  id: string,
): Promise<{ filename: string; text: string }> {
  requireScope(actor, 'settings:write', 'see a recovery kit')
  const repository = await findRepository(deps, id)
  const { kind, settings } = placeOf(deps.secretKey, repository)
  const { env = {}, options = [], files = [] } = kind.backend(settings)
  const variables = {
    RESTIC_REPOSITORY: kind.location(settings),
    RESTIC_PASSWORD: passwordOf(deps.secretKey, repository),
    ...env,
  }
  const restic = ['restic', ...options.flatMap((option) => ['-o', quoted(option)])].join(' ')
  const sources = await deps.prisma.source.findMany({
    where: { runs: { some: { repositoryId: id, snapshotId: { not: null } } } },
    include: { environment: true },
    orderBy: [{ environment: { position: 'asc' } }, { name: 'asc' }],
  })
  await deps.prisma.$transaction((tx) =>
    record(tx, { actor, action: 'repository.kit', target: { type: 'repository', id } }),
  )
  const text = [
    `# Recovery kit of the repository “${oneLine(repository.name)}” (${kind.title})`,
    `# Made ${deps.clock.now().toISOString()}. Whoever has this text can read every backup: keep it as you keep a key,`,
    '# and not on the machines that are backed up.',
    '#',
    '# You need restic 0.17.1 or newer (https://restic.net) and a POSIX shell. Everything below is commands for it,',
    '# to be entered in an empty folder.',
    '',
    '# 1. How to get in',
    ...files.map(hereDocument),
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(plain(value))}`),
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
  ].join('\n')
  return { filename: `recovery-kit-${repository.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.txt`, text }
}

const plain = (value: Secret | string): string => (value instanceof Secret ? value.reveal() : value)
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A here-document with a mark that no line of the content is. */
function hereDocument({ name, content, isProgram }: BackendFile): string {
  const text = plain(content)
  const lines = text.split('\n')
  let mark = 'END'
  while (lines.includes(mark)) mark += '_'
  const body = text.endsWith('\n') ? text : `${text}\n`
  return `(umask 077; cat > ./${name} <<'${mark}'\n${body}${mark}\n)${isProgram ? `\nchmod 700 ./${name}` : ''}`
}
