import { onTheWall } from '#lib/clock/blackouts.ts'
import { isServed, liveWorkers } from '#lib/repositories/workers.ts'
import type { Channel } from '#prisma/client/client.ts'
import { formatBytes } from './figures.ts'
import { deliverTo, type NotificationDeps, note, recipientsOf } from './note.ts'
import { readDigest, tellDigest } from './tell/digest.ts'
import { tell } from './told.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A token is told of so long before it ends, when it was made to live at least twice as long. */
const TOKEN_WARNING_MS = 7 * DAY_MS
const NEARLY_FULL = 0.1
const WITHOUT_WORKER_SECONDS = 120
/** All attempts at a message take less than two hours. */
const STUCK_AFTER_MS = 6 * HOUR_MS

/** What nobody reports is looked for, every minute: each part goes on when another one fails. */
export async function watch(deps: NotificationDeps): Promise<void> {
  const looks = [sendDue, escalate, summarise, lookAtTokens, lookAtSpace, lookAtWorkers, lookAtSignIns]
  for (const look of looks)
    await look(deps).catch((error: unknown) => deps.log.error({ err: error, look: look.name }, 'notifications'))
}

/** What has waited long enough, and what still waits although its job is gone: the process died in its last attempt. */
async function sendDue({ prisma, queue, clock }: NotificationDeps): Promise<void> {
  const now = clock.now()
  const due = await prisma.delivery.findMany({
    where: {
      state: 'PENDING',
      OR: [
        { notBefore: { lte: now }, groupedIn: null },
        {
          createdAt: { lt: new Date(now.getTime() - STUCK_AFTER_MS) },
          OR: [{ notBefore: null }, { notBefore: { lte: now } }],
        },
      ],
    },
    select: { id: true },
    orderBy: { createdAt: 'asc' },
    take: 1000,
  })
  for (const { id } of due) {
    if (await queue.hasJob('notify.deliver', { deliveryId: id })) continue
    await queue.send(prisma, 'notify.deliver', { deliveryId: id })
  }
}

/** Errors that nobody has acknowledged go through the channel that stands behind the one they went through. */
async function escalate({ prisma, queue, clock, secretKey, log }: NotificationDeps): Promise<void> {
  const rows = await prisma.$queryRaw<{ notificationId: string; toId: string }[]>`
    select distinct d.notification_id as "notificationId", c.escalate_to_id as "toId"
    from deliveries d join channels c on c.id = d.channel_id join notifications n on n.id = d.notification_id
      join channels t on t.id = c.escalate_to_id and t.enabled
    where n.severity = 'ERROR' and n.acknowledged_at is null and n.created_at > clock_timestamp() - interval '2 days'
      and d.created_at <= clock_timestamp() - make_interval(mins => c.escalate_after_minutes)
      and not exists (select 1 from deliveries e where e.notification_id = n.id and e.channel_id = t.id)`
  for (const { notificationId, toId } of rows) {
    const channel = await prisma.channel.findUnique({ where: { id: toId } })
    if (channel === null) continue
    const planned = recipientsOf({ secretKey, clock, log }, channel, 'ERROR')
    await prisma.$transaction((tx) => deliverTo(tx, queue, notificationId, planned))
  }
}

async function summarise(deps: NotificationDeps): Promise<void> {
  const now = deps.clock.now()
  const channels = await deps.prisma.channel.findMany({ where: { digest: { not: null }, enabled: true } })
  for (const channel of channels) {
    const date = digestDate(channel, now)
    const key = `digest ${channel.id} ${date}`
    if (date === null || (await deps.prisma.notification.findUnique({ where: { key } })) !== null) continue
    const isWeekly = channel.digest === 'WEEKLY'
    const read = await readDigest(deps.prisma, channel.environmentIds, new Date(+now - (isWeekly ? 7 : 1) * DAY_MS))
    const told = tellDigest(read, isWeekly ? 'week' : 'day', now, deps.publicUrl)
    await note(deps, { key, event: 'DIGEST', told, only: [channel] })
  }
}

/** The date of the summary that is due, in the channel’s zone; null: none is. */
export function digestDate(channel: Pick<Channel, 'digest' | 'digestAt' | 'timeZone' | 'createdAt'>, now: Date) {
  const { digest, digestAt, timeZone, createdAt } = channel
  const dateOf = (at: Date) => new Intl.DateTimeFormat('sv-SE', { timeZone }).format(at)
  const { day, time } = onTheWall(timeZone, now)
  if (time < digestAt || (digest === 'WEEKLY' && day !== 1)) return null
  // One that was made after today’s time has its first summary tomorrow.
  const isNew = dateOf(createdAt) === dateOf(now) && onTheWall(timeZone, createdAt).time > digestAt
  return isNew ? null : dateOf(now)
}

async function lookAtTokens(deps: NotificationDeps): Promise<void> {
  const now = deps.clock.now().getTime()
  const tokens = await deps.prisma.apiToken.findMany({
    where: { revokedAt: null, expiresAt: { gt: new Date(now), lt: new Date(now + TOKEN_WARNING_MS) } },
    include: { user: true },
  })
  for (const { id, name, user, expiresAt, createdAt } of tokens) {
    if (+expiresAt - +createdAt < 2 * TOKEN_WARNING_MS) continue
    const told = tell({
      title: `The API token ${name} is about to expire`,
      tone: 'warn',
      facts: [
        ['Token of', user.email],
        ['Expires', expiresAt.toISOString()],
      ],
      problem: {
        message: 'From then on whatever uses it is refused.',
        remedy: 'Make a new one with “npm run token” and put it in its place.',
      },
      link: '',
      linkText: '',
    })
    await note(deps, { key: `token ${id} ${expiresAt.toISOString()}`, event: 'TOKEN_EXPIRES', told })
  }
}

async function lookAtSpace(deps: NotificationDeps): Promise<void> {
  const rows = await deps.prisma.$queryRaw<{ id: string; name: string; free: bigint; total: bigint; at: Date }[]>`
    select r.id, r.name, f.free_bytes as free, f.total_bytes as total, f.at from repositories r
      cross join lateral (select * from repository_figures f where f.repository_id = r.id order by f.at desc limit 1) f
    where f.total_bytes > 0 and f.free_bytes < f.total_bytes * ${NEARLY_FULL}::float8 and f.at > clock_timestamp() - interval '3 days'`
  for (const { id, name, free, total, at } of rows) {
    const told = tell({
      title: `Repository ${name} is nearly full`,
      tone: 'warn',
      facts: [
        ['Free', `${formatBytes(Number(free))} of ${formatBytes(Number(total))}`],
        ['Measured', at.toISOString()],
      ],
      problem: {
        message: `Less than ${NEARLY_FULL * 100} % of the place that it lies in is free. Backups fail when it is full.`,
        remedy: 'Make room there, keep fewer snapshots, or save into another repository.',
      },
      link: `${deps.publicUrl}/repositories/${id}`,
      linkText: 'Open the repository in the console',
    })
    const week = Math.floor(deps.clock.now().getTime() / (7 * DAY_MS)) // told again each week
    await note(deps, { key: `nearly full ${id} ${week}`, event: 'REPOSITORY_NEARLY_FULL', told, repositoryId: id })
  }
}

async function lookAtWorkers(deps: NotificationDeps): Promise<void> {
  const rows = await deps.prisma.$queryRaw<{ environment: string; runId: string; backupId: string; since: Date }[]>`
    select distinct on (e.name) e.name as environment, r.id as "runId", r.backup_id as "backupId", r.queued_at as since
    from backup_runs r join sources s on s.id = r.source_id join environments e on e.id = s.environment_id
    where r.state = 'QUEUED' and r.queued_at < clock_timestamp() - make_interval(secs => ${WITHOUT_WORKER_SECONDS})
    order by e.name, r.queued_at`
  if (rows.length === 0) return
  const workers = await liveWorkers(deps.prisma)
  for (const { environment, runId, backupId, since } of rows) {
    if (isServed(workers, environment)) continue
    const told = tell({
      title: `No worker serves ${environment}`,
      tone: 'bad',
      facts: [
        ['Environment', environment],
        ['Waiting since', since.toISOString()],
      ],
      problem: {
        message: 'A backup of it waits, and no process that is alive carries out its backups.',
        remedy: `Start a worker that serves it: ROLE=worker, and WORKER_ENVIRONMENTS with ${environment} in it or empty.`,
      },
      link: `${deps.publicUrl}/backups/${backupId}`,
      linkText: 'Open the backup in the console',
    })
    await note(deps, { key: `no worker ${runId}`, event: 'WORKER_MISSING', told, environments: [environment] })
  }
}

/** Sign-ins from an address that the same person never used, once they used another. */
async function lookAtSignIns(deps: NotificationDeps): Promise<void> {
  const rows = await deps.prisma.$queryRaw<{ id: string; actor: string; address: string; at: Date }[]>`
    select e.id, e.actor, e.address, e.at from audit_events e
    where e.action = 'sign-in' and e.at > clock_timestamp() - interval '2 hours' and e.address is not null
      and exists (select 1 from audit_events o
        where o.action = 'sign-in' and o.actor_id = e.actor_id and o.at < e.at and o.address is not null)
      and not exists (select 1 from audit_events o
        where o.action = 'sign-in' and o.actor_id = e.actor_id and o.at < e.at and o.address = e.address)`
  for (const { id, actor, address, at } of rows) {
    const told = tell({
      title: `${actor} signed in from a new address`,
      tone: 'warn',
      facts: [
        ['Account', actor],
        ['Address', address],
        ['When', at.toISOString()],
      ],
      problem: {
        message: 'Nobody signed in to this account from there before.',
        remedy: 'If it was not its owner, change the password of the account and revoke its tokens.',
      },
      link: deps.publicUrl,
      linkText: 'Open the console',
    })
    await note(deps, { key: `sign-in ${id}`, event: 'SIGNIN_NEW_PLACE', told })
  }
}
