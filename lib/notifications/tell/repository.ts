import type { RepositoryNotice } from '#lib/queue/repository-notice.ts'
import { type Told, tell } from '../told.ts'

const NAMES_SHOWN = 20

/** What a person is told about a repository. Pure. */
export function tellRepository(
  repository: { id: string; name: string; location: string },
  notice: RepositoryNotice,
  publicUrl: string,
): Told {
  const { facts, ...told } = said(repository.name, notice)
  return tell({
    ...told,
    facts: [['Repository', repository.name], ['Place', repository.location], ...facts],
    ...linkOf(repository.id, notice, publicUrl),
  })
}

function linkOf(repositoryId: string, notice: RepositoryNotice, publicUrl: string) {
  if (!('restoreId' in notice))
    return { link: `${publicUrl}/repositories/${repositoryId}`, linkText: 'Open the repository in the console' }
  const [page, what] =
    notice.kind === 'verification-ended' ? ['verifications', 'verification'] : ['restores', 'restore']
  return { link: `${publicUrl}/${page}/${notice.restoreId}`, linkText: `Open the ${what} in the console` }
}

const restoreVerbs = {
  SUCCEEDED: 'succeeded',
  PARTIAL: 'is partial',
  FAILED: 'failed',
  CANCELLED: 'was cancelled',
  INTERRUPTED: 'was interrupted',
} as const

function said(name: string, notice: RepositoryNotice): Omit<Parameters<typeof tell>[0], 'link' | 'linkText'> {
  switch (notice.kind) {
    case 'unreachable':
      return {
        title: `Repository ${name} cannot be used`,
        tone: 'bad',
        facts: [['Since', notice.since]],
        problem: notice.problem,
      }
    case 'reachable':
      return {
        title: `Repository ${name} can be used again`,
        tone: 'good',
        facts: [
          ...(notice.since === null ? [] : [['Away since', notice.since] as [string, string]]),
          ['Back', notice.at],
        ],
      }
    case 'damaged':
      return {
        title: `Repository ${name} is damaged`,
        tone: 'bad',
        facts: [
          ['Found', notice.at],
          ['Touches', touchedText(notice.touched, notice.touchedInFull)],
        ],
        lines: notice.problems,
        problem: {
          message:
            'An integrity check found data that is missing or altered. Backups that need it cannot be restored whole.',
          remedy: 'Open the repository in the console: it names what is affected and leads through the repair.',
        },
      }
    case 'restore-ended':
      return {
        title: `The restore of ${notice.source} ${restoreVerbs[notice.state]}`,
        tone: notice.state === 'SUCCEEDED' ? 'good' : 'bad',
        facts: [
          ['Into', notice.into],
          ['Asked for by', notice.requestedBy],
          ['Ended', notice.at],
        ],
        ...(notice.problem && { problem: notice.problem }),
      }
    case 'restore-approval':
      return {
        title: `A restore of ${notice.source} waits for an approval`,
        tone: 'warn',
        facts: [
          ['Into', notice.into],
          ['Asked for by', notice.requestedBy],
          ['Asked for', notice.at],
        ],
        problem: {
          message: 'It goes from another environment into a protected one.',
          remedy: `An administrator besides the one who asked approves it on the page Restores, or cancels it. After ${notice.hours} hours it fails.`,
        },
      }
    case 'verification-ended':
      return {
        title: notice.isMismatch
          ? `The backup of ${notice.source} is not what it should be`
          : `The backup of ${notice.source} could not be verified`,
        tone: 'bad',
        facts: [
          ['Asked for by', notice.requestedBy],
          ['Ended', notice.at],
        ],
        problem: notice.problem,
      }
    case 'task-failed':
      return {
        title: `The ${notice.task} of repository ${name} failed`,
        tone: 'bad',
        facts: [
          ['Ended', notice.at],
          ['Attempts', String(notice.attempts)],
        ],
        problem: notice.problem,
      }
  }
}

/** “uploads, shop (orders)” */
function touchedText(names: readonly string[], isAll: boolean): string {
  const [shown, rest] = [names.slice(0, NAMES_SHOWN), names.length - NAMES_SHOWN]
  const more = rest > 0 ? `, and ${rest} more` : isAll ? '' : ', and perhaps others'
  if (shown.length === 0) return isAll ? 'no backup that is known of' : 'not known yet'
  return `backups of ${shown.join(', ')}${more}`
}
