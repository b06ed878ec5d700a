import { partName } from '#lib/sources/driver.ts'
import { oneLine } from '#lib/sources/shell-text.ts'
import type { BackupRun, Environment, Source } from '#prisma/client/client.ts'
import type { SourceType } from '#prisma/client/enums.ts'
import { isGood, supersedes } from './states.ts'

type Run = BackupRun & { source: Source & { environment: Environment } }

/** Files first: what a row names is there when the row comes back. Then what holds the rows; the installation last. */
export const restoreParts = [
  { title: 'Files', of: (run: Run) => typeOf(run) === 'STORAGE' },
  { title: 'Databases', of: (run: Run) => typeOf(run) === 'DATABASE' },
  { title: 'User data', of: (run: Run) => typeOf(run) === 'USER_DATA' },
  { title: 'This program itself', of: (run: Run) => typeOf(run) === null },
]
const typeOf = ({ source }: Run): SourceType | null => (source.kind === 'installation' ? null : source.type)

/** The newest attempts of a backup's runs in the order in which they are brought back: those that can be, and those that cannot. */
export function inRestoreOrder<R extends Run>(runs: readonly R[]): { saved: R[]; missing: R[] } {
  const newest = runs.filter((run) => !runs.some((later) => supersedes(later, run)))
  const inOrder = restoreParts.flatMap(({ of }) => newest.filter(of).toSorted(byName))
  return { saved: inOrder.filter(isThere), missing: inOrder.filter((run) => !isThere(run)) }
}

const isThere = (run: Run): boolean => isGood(run.state) && run.snapshotId !== null && run.removedAt === null

/** What belongs to the whole server, such as its roles, before its databases. */
function byName(a: Run, b: Run): number {
  const keyOf = ({ source, part }: Run) =>
    [source.environment.name, source.name, part.startsWith('database:') ? 1 : 0, part].join('\n')
  return keyOf(a) < keyOf(b) ? -1 : 1
}

/** “production/shop, orders” */
export const runTitle = ({ source, part }: Run): string =>
  oneLine(`${source.environment.name}/${source.name}${part === '' ? '' : `, ${partName(part)}`}`)

/** “3-production-shop-orders” */
export const runFolder = (run: Run, position: number): string =>
  `${position}-${runTitle(run).replaceAll(/[^A-Za-z0-9._-]+/g, '-')}`
