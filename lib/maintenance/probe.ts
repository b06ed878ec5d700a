import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import { passwordOf, placeOf } from '#lib/repositories/access.ts'
import { lookAtPlace } from '#lib/repositories/test-place.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { MaintenanceDeps } from './performer.ts'
import { servedRepositories } from './served.ts'

const EVERY_SECONDS = 5 * 60
/** After a first failure: soon, so that people hear of it before the next backup, and one hiccup tells nobody. */
const AGAIN_AFTER_SECONDS = 60
/** The failed look after which people are told. */
const TOLD_AT = 2
const LOOKS_AT_ONCE = 4

/**
 * Looks at the repositories of this worker that were not looked at lately: does each answer, and does its password open it? A
 * look is claimed by its time, so that of many processes one takes it. What was seen is in the repository's row; people are told
 * when one does not answer twice in a row, and when it does again.
 */
export async function probeRepositories(deps: MaintenanceDeps, signal: AbortSignal): Promise<void> {
  const restic = await deps.restic().catch((error: unknown) => {
    if (error instanceof CodedError) return null // it is missing, as readiness says: that is not the repositories' fault
    throw error
  })
  if (restic === null) return
  const served = [...(await servedRepositories(deps))]
  while (!signal.aborted) {
    const claimed = await claimDue(deps, served)
    if (claimed.length === 0) return
    await Promise.all(claimed.map((repository) => probe(deps, restic, repository, signal)))
  }
}

/** `no key`: a task that is queued meanwhile holds a key share of its repository, which must not put the look off. */
async function claimDue({ prisma }: MaintenanceDeps, served: string[]): Promise<Repository[]> {
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    update repositories set probed_at = clock_timestamp()
    where id in (
      select id from repositories
      where id::text = any(${served}) and initialised_at is not null and (probed_at is null or probed_at <=
        clock_timestamp() - make_interval(secs => case failed_looks when 1 then ${AGAIN_AFTER_SECONDS}::int else ${EVERY_SECONDS}::int end))
      order by probed_at nulls first limit ${LOOKS_AT_ONCE} for no key update skip locked)
    returning id`
  return prisma.repository.findMany({ where: { id: { in: rows.map((row) => row.id) } } })
}

async function probe(
  deps: MaintenanceDeps,
  restic: Restic,
  repository: Repository,
  signal: AbortSignal,
): Promise<void> {
  const { id: repositoryId, name } = repository
  try {
    const resticId = await look(deps, restic, repository, signal)
    if (await noteAnswer(deps, repository, resticId)) deps.log.info({ repositoryId, name }, 'repository answers again')
  } catch (thrown) {
    if (signal.aborted) return
    const problem = toCodedError(thrown)
    deps.log.warn({ repositoryId, name, err: problem }, 'repository does not answer')
    await noteProblem(deps, repository, problem)
  }
}

/** restic's id of it. Throws what is wrong. */
async function look(deps: MaintenanceDeps, restic: Restic, repository: Repository, signal: AbortSignal) {
  const { secretKey } = deps
  const password = passwordOf(secretKey, repository)
  const found = await lookAtPlace(deps, restic, placeOf(secretKey, repository), password, signal)
  const { location, name, resticId } = repository
  if (found.state !== 'opens') throw new CodedError('REPOSITORY_MISSING', { repository: location })
  if (resticId !== null && resticId !== found.resticId)
    throw new CodedError('REPOSITORY_IS_ANOTHER', { repository: location, name })
  return found.resticId
}

/** Only while nobody else has looked, or has changed the place, since this look was claimed. */
const whileCurrent = ({ id, probedAt }: Repository) => ({ id, probedAt })

/** Whether it did not answer before. */
async function noteAnswer(deps: MaintenanceDeps, repository: Repository, resticId: string): Promise<boolean> {
  const { id: repositoryId, probedAt, unreachableSince, failedLooks } = repository
  if (failedLooks === 0 && unreachableSince === null && repository.resticId !== null) return false
  return deps.prisma.$transaction(async (tx) => {
    const problem = { problemCode: null, problemMessage: null, problemRemedy: null }
    const { count } = await tx.repository.updateMany({
      where: whileCurrent(repository),
      data: { resticId, unreachableSince: null, failedLooks: 0, ...problem },
    })
    if (count === 1 && failedLooks >= TOLD_AT) {
      const at = (probedAt as Date).toISOString()
      const notice = { kind: 'reachable' as const, since: unreachableSince?.toISOString() ?? null, at }
      await deps.queue.send(tx, 'notify.repository', { repositoryId, event: `reachable ${at}`, notice })
    }
    return count === 1 && failedLooks > 0
  })
}

async function noteProblem(deps: MaintenanceDeps, repository: Repository, error: CodedError): Promise<void> {
  const { id: repositoryId, probedAt } = repository
  const { code, message, remedy } = error
  const unreachableSince = repository.unreachableSince ?? (probedAt as Date)
  await deps.prisma.$transaction(async (tx) => {
    const [noted] = await tx.repository.updateManyAndReturn({
      where: whileCurrent(repository),
      data: {
        unreachableSince,
        failedLooks: { increment: 1 },
        problemCode: code,
        problemMessage: message,
        problemRemedy: remedy,
      },
    })
    if (noted?.failedLooks !== TOLD_AT) return
    const since = unreachableSince.toISOString()
    const notice = { kind: 'unreachable' as const, since, problem: { code, message, remedy } }
    await deps.queue.send(tx, 'notify.repository', { repositoryId, event: `unreachable ${since}`, notice })
  })
}
