import type { Database } from '#lib/database/database.ts'
import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import { callHook } from '#lib/hooks/call-hook.ts'
import { type HookNotice, hookInput } from '#lib/hooks/hook.ts'
import { openToken } from '#lib/plans/webhook-tokens.ts'
import type { BackupHook } from '#prisma/client/client.ts'
import type { NewEvent } from './append-events.ts'
import { endHook, type HookOutcome } from './end-hook.ts'
import type { WorkerDeps } from './worker.ts'

const HEARTBEAT_MS = 3000
const MAX_LINES = 200
const MAX_LINE = 2000

type StopReason = 'cancelled' | 'shutdown' | 'claim lost'

/** Calls a claimed hook and writes how it ended. Never rejects for a reason of the hook's own. */
export async function executeHook(deps: WorkerDeps, hook: BackupHook, shutdown: AbortSignal): Promise<void> {
  const log = deps.log.child({ hookId: hook.id, backupId: hook.backupId })
  const stop = new AbortController()
  const tell = (reason: StopReason) => stop.abort(reason)
  shutdown.addEventListener('abort', () => tell('shutdown'), { once: true })
  if (shutdown.aborted) tell('shutdown')
  const beat = () =>
    void heartbeat(deps.prisma, hook)
      .then((told) => told && tell(told))
      .catch((error: unknown) => log.warn({ err: error }, 'heartbeat'))
  const timer = setInterval(beat, HEARTBEAT_MS)
  const unwatch = deps.feed.watch(hook.backupId, beat)
  const output = collectLines()
  let outcome: HookOutcome
  try {
    await call(deps, hook, output.add, stop.signal)
    outcome = { state: 'SUCCEEDED' }
  } catch (thrown) {
    outcome = await failure(deps.prisma, hook, stop.signal, thrown)
    if (outcome.error.code === 'UNEXPECTED') log.error({ err: thrown }, 'hook failed unexpectedly')
  } finally {
    clearInterval(timer)
    unwatch()
  }
  const ended = await deps.prisma.$transaction((tx) => endHook(tx, deps.queue, hook, outcome, output.events()))
  log.info({ state: outcome.state, recorded: ended }, 'hook ended')
}

async function call(
  { prisma, config, secretKey }: WorkerDeps,
  { id, hook: raw, sealedToken, phase, backupId }: BackupHook,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const hook = hookInput.parse(raw)
  const { description, environments, runs, state } = await prisma.backup.findUniqueOrThrow({
    where: { id: backupId },
    include: { runs: { include: { source: { include: { environment: true } } }, orderBy: { id: 'asc' } } },
  })
  const sources = new Map(
    runs.map(({ source }) => [source.id, { name: source.name, environment: source.environment.name }]),
  )
  const notice: HookNotice = {
    phase: phase === 'BEFORE' ? 'before' : 'after',
    outcome: phase === 'BEFORE' ? null : state.toLowerCase(),
    plan: description,
    backup_id: backupId,
    environments,
    sources: [...sources.values()],
  }
  const token = hook.kind === 'webhook' && sealedToken !== null ? openToken(secretKey, hook.url, sealedToken) : null
  await callHook(hook, { config, notice, key: id, token, signal, onLine })
}

/** Whatever the error was: when we told the hook to stop, that is why it ended. */
async function failure(
  prisma: Database,
  { backupId }: BackupHook,
  signal: AbortSignal,
  thrown: unknown,
): Promise<Exclude<HookOutcome, { state: 'SUCCEEDED' }>> {
  if (!signal.aborted) return { state: 'FAILED', error: toCodedError(thrown) }
  if (signal.reason !== 'cancelled') return { state: 'INTERRUPTED', error: new CodedError('WORKER_STOPPED', {}) }
  const { cancelledBy } = await prisma.backup.findUniqueOrThrow({ where: { id: backupId } })
  return { state: 'CANCELLED', error: new CodedError('RUN_CANCELLED', { by: cancelledBy ?? 'unknown' }) }
}

/** Says that the hook is alive and asks whether it should go on. Hooks after a backup go on when it is cancelled. */
async function heartbeat(prisma: Database, { id, claimId, phase }: BackupHook): Promise<StopReason | null> {
  const [row] = await prisma.$queryRaw<{ cancelled_by: string | null }[]>`
    update backup_hooks h set heartbeat_at = clock_timestamp() from backups b
    where h.id = ${id}::uuid and h.claim_id = ${claimId}::uuid and h.state = 'RUNNING' and b.id = h.backup_id
    returning b.cancelled_by`
  if (!row) return 'claim lost'
  return phase === 'BEFORE' && row.cancelled_by !== null ? 'cancelled' : null
}

/** The first lines that a hook writes, for the log of the backup. */
function collectLines() {
  const lines: NewEvent[] = []
  let left = 0
  const log = (message: string): NewEvent => ({ kind: 'LOG', runId: null, level: 'INFO', message })
  return {
    add(line: string) {
      if (lines.length < MAX_LINES) lines.push(log(line.slice(0, MAX_LINE).replaceAll('\0', '�')))
      else left++
    },
    events: (): NewEvent[] => (left === 0 ? lines : [...lines, log(`… and ${left} more lines`)]),
  }
}
