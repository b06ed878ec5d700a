import { z } from 'zod'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { openSource } from '#lib/environments/sources.ts'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { placeOf } from '#lib/repositories/access.ts'
import type { RepositoryDeps } from '#lib/repositories/find.ts'
import { oneLine, shellWord } from '#lib/sources/shell-text.ts'
import type { Prisma, Repository } from '#prisma/client/client.ts'
import { inRestoreOrder, restoreParts, runFolder, runTitle } from './restore-order.ts'

const what = {
  runs: {
    include: {
      source: { include: { environment: true } },
      repository: true,
      copies: { where: { kind: 'COPY', state: 'SUCCEEDED' }, include: { repository: true } },
    },
  },
} satisfies Prisma.BackupInclude
type Saved = Prisma.BackupGetPayload<{ include: typeof what }>
type Run = Saved['runs'][number]

/**
 * How everything that a backup saved is brought back without this program, in order, as Markdown whose `sh` blocks can be
 * entered as they are. It holds addresses and paths but no secret: each repository's recovery kit has those. Throws FORBIDDEN,
 * BACKUP_UNKNOWN and SECRET_UNREADABLE.
 */
export async function restoreDocument(
  deps: RepositoryDeps,
  actor: Actor | null,
  id: string,
): Promise<{ filename: string; text: string }> {
  requireScope(actor, 'settings:write', 'see how a backup is restored')
  const backup = z.uuid().safeParse(id).success
    ? await deps.prisma.backup.findUnique({ where: { id }, include: what })
    : null
  if (!backup) throw new CodedError('BACKUP_UNKNOWN', { id })
  const { saved: runs, missing } = inRestoreOrder(backup.runs)
  const saved = runs.map((run, i) => ({ run, folder: `./restored/${runFolder(run, i + 1)}` }))
  const text = [
    ...head(backup, deps.clock.now()),
    ...whatIsMissing(missing),
    ...(saved.length === 0 ? ['Nothing of this backup is there to be restored.', ''] : []),
    ...(saved.length > 0 ? fetching(deps, saved) : []),
    ...restoreParts.flatMap(({ title, of }) =>
      section(
        deps,
        title,
        saved.filter(({ run }) => of(run)),
      ),
    ),
  ].join('\n')
  return { filename: `restore-${id}.md`, text }
}

interface Placed {
  run: Run
  /** Where its snapshot is put, relative to the folder in which the commands are entered. */
  folder: string
}

function head(backup: Saved, now: Date): string[] {
  const { type, state, createdAt, description, environments } = backup
  return [
    '# How to restore this backup',
    '',
    ...(description === '' ? [] : [`“${oneLine(description)}”`, '']),
    `${type} backup of ${oneLine(environments.join(', '))}, triggered ${createdAt.toISOString()}: ${state}. Its id: ${backup.id}.`,
    `Written ${now.toISOString()}, with the settings that its sources had then.`,
    '',
    'You need restic 0.17.1 or newer (https://restic.net), a POSIX shell, the recovery kit of each repository that is named below (this page',
    'holds no password), and of each kind of database its own programs.',
    '',
  ]
}

function whatIsMissing(missing: readonly Run[]): string[] {
  if (missing.length === 0) return []
  const why = (run: Run) => {
    if (run.removedAt !== null) return `its snapshot was removed ${run.removedAt.toISOString()}`
    return [run.state, ...(run.errorMessage ? [oneLine(run.errorMessage)] : [])].join(': ')
  }
  return ['**Not in it:**', '', ...missing.map((run) => `- ${runTitle(run)}: ${why(run)}`), '']
}

function fetching({ secretKey }: RepositoryDeps, saved: readonly Placed[]): string[] {
  const bytes = saved.reduce((sum, { run }) => sum + Number(run.bytesDone ?? 0), 0)
  const byRepository = Map.groupBy(saved, ({ run }) => run.repositoryId)
  return [
    '## 1. Fetch it from the repositories',
    '',
    `In an empty folder with room for about ${bytes.toLocaleString('en')} bytes; the commands of the later parts are entered there, too.`,
    '',
    ...[...byRepository.values()].flatMap((placed) => fetchingFrom(secretKey, placed)),
  ]
}

function fetchingFrom(secretKey: RepositoryDeps['secretKey'], placed: readonly Placed[]): string[] {
  const repository = placed[0]?.run.repository as Repository
  const { kind, settings } = placeOf(secretKey, repository)
  const { options = [] } = kind.backend(settings)
  const restic = ['restic', ...options.flatMap((option) => ['-o', shellWord(option)])].join(' ')
  const copies = new Map(placed.flatMap(({ run }) => run.copies.map((copy) => [copy.repository.name, copy.repository])))
  return [
    `### The repository “${oneLine(repository.name)}” (${oneLine(repository.location)})`,
    '',
    'First enter part 1 of its recovery kit.',
    '',
    '```sh',
    ...placed.flatMap(({ run, folder }) => [
      `# ${runTitle(run)} (${run.source.kind}), ${run.state}, run ${run.id}`,
      `${restic} restore ${run.snapshotId} --sparse --target ${shellWord(folder)}`,
    ]),
    '```',
    '',
    ...[...copies.values()].flatMap(({ name, location }) => [
      `If it is lost, there are copies in “${oneLine(name)}” (${oneLine(location)}): enter part 1 of that one’s recovery kit, and \`latest --tag run:…\``,
      'with the run’s id in place of each snapshot’s.',
      '',
    ]),
  ]
}

function section({ secretKey }: RepositoryDeps, title: string, saved: readonly Placed[]): string[] {
  if (saved.length === 0) return []
  return [`## ${title}`, '', ...saved.flatMap((placed) => puttingBack(secretKey, placed))]
}

function puttingBack(secretKey: RepositoryDeps['secretKey'], { run, folder }: Placed): string[] {
  const { source, part } = run
  const title = [`### ${runTitle(run)} (${source.kind})`, '']
  if (run.state === 'PARTIAL') title.push(`**Not whole:** ${oneLine(run.errorMessage ?? '')}`, '')
  if (source.settingsMissing)
    return [...title, `Its settings are not known: what was saved is below \`${folder}\`.`, '']
  try {
    const { driver, settings } = openSource(source, secretKey)
    const lines = driver.byHand(settings, { folder, part })
    // A name with a line break must not end the comment that it stands in: what follows would be a command.
    const safe = lines.map((line) => (line.startsWith('#') ? oneLine(line) : line))
    return [...title, '```sh', ...safe, '```', '']
  } catch (error) {
    if (!isCoded(error, 'INPUT_INVALID')) throw error
    return [...title, `Its settings cannot be read: what was saved is below \`${folder}\`.`, '']
  }
}
