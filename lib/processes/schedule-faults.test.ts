import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '#lib/auth/actor.ts'
import { systemClock } from '#lib/clock/now.ts'
import { createPlan } from '#lib/plans/change.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { openRestic, snapshotsByTag } from '#lib/restic/restic.ts'
import { setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { type MailServer, startMailServer } from '#lib/testing/mail-server.ts'
import { type Ground, type Guest, openGround, randomFiles, type Server, until } from '#lib/testing/server.ts'

/** Each step of a scheduled run, as the row that it writes. At each, a server is held there and killed. */
const steps = [
  ['starting the plan', `INSERT ON plan_events`, `NEW.kind = 'STARTED'`],
  ['claiming the run', `UPDATE ON backup_runs`, `NEW.state = 'RUNNING' AND OLD.state = 'QUEUED'`],
  ['reporting its snapshot', `UPDATE ON backup_runs`, `NEW.state = 'SUCCEEDED' AND NEW.attempt = 1`],
  ['planning who is told', `INSERT ON deliveries`, `true`],
  ['noting that somebody was told', `UPDATE ON deliveries`, `NEW.state = 'SENT'`],
] as const

let ground: Ground
let mails: MailServer
let environment: Record<string, string>
let server: Server
let guest: Guest

beforeAll(async () => {
  ground = await openGround()
  mails = await startMailServer()
  environment = { SMTP_URL: mails.url, MAIL_FROM: 'backups@example.org' }
  if (process.env.RESTIC_BINARY) environment.RESTIC_BINARY = process.env.RESTIC_BINARY
  server = await ground.startServer(environment)
  await server.ready
  guest = await ground.guest()
}, 60_000)
afterAll(async () => {
  await guest?.close().catch(() => {})
  await ground?.close()
  await mails?.close()
})

/** Kills the server in the middle of a step: PostgreSQL holds the row that it writes until the server is dead. */
async function killAt(table: string, when: string): Promise<void> {
  const { prisma } = guest
  await prisma.$executeRawUnsafe(`CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NEW; END $$`)
  await prisma.$executeRawUnsafe(
    `CREATE TRIGGER hold BEFORE ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION hold()`,
  )
  await prisma.$transaction(
    async (tx) => {
      await tx.$executeRaw`select pg_advisory_xact_lock(77)`
      server = await ground.startServer(environment)
      await until(`the server at ${table}`, async () => {
        const held = await prisma.$queryRaw<unknown[]>`
          select 1 from pg_locks where locktype = 'advisory' and objid = 77 and not granted`
        return held.length > 0 || null
      })
      await server.kill()
    },
    { timeout: 90_000 },
  )
  // What was held ends once PostgreSQL notices that nobody is there; until then the row is locked.
  await until('the end of what was held', async () => {
    const held = await prisma.$queryRaw<unknown[]>`select 1 from pg_locks where locktype = 'advisory' and objid = 77`
    return held.length === 0 || null
  })
  await prisma.$executeRawUnsafe(`DROP TRIGGER hold ON ${table.split(' ').at(-1)}`)
}

it('a scheduled run whose servers are killed at every step happens once, ends, and people are told', async () => {
  const { prisma } = guest
  const path = await randomFiles(join(ground.storage, 'scheduled'), 1)
  const source = await guest.addSource('scheduled', 'files', { paths: [path], exclude: [] })
  const admin = { ...guest.admin, scopes }
  await setNotificationRecipients(prisma, admin, ['ops@example.org'])
  const deps = { ...guest, clock: systemClock }
  const { id } = await createPlan(deps, admin, {
    ...{ name: 'nightly', schedule: 'monthly', selection: { sourceIds: [source.id] } },
  })
  await server.kill()
  const dueAt = systemClock.now()
  await prisma.plan.update({ where: { id }, data: { dueAt, lookAt: dueAt } })

  for (const [, table, when] of steps) await killAt(table, when)
  server = await ground.startServer(environment)
  await server.ready
  const [mail] = await mails.has(1)
  expect(mail?.subject).toContain('succeeded')

  const backups = await prisma.backup.findMany({ include: { runs: { orderBy: { attempt: 'asc' } } } })
  expect(backups.map(({ planId, state }) => [planId, state])).toEqual([[id, 'SUCCEEDED']])
  const runs = backups.flatMap((backup) => backup.runs)
  expect(runs.at(-1)).toMatchObject({ state: 'SUCCEEDED' })
  expect(runs.slice(0, -1).every((run) => run.state === 'INTERRUPTED')).toBe(true)
  expect(await prisma.planEvent.findMany({ where: { kind: 'STARTED' } })).toHaveLength(1)
  await until('that it is noted as sent', () => prisma.delivery.findFirst({ where: { state: 'SENT' } }))
  expect(await prisma.delivery.count()).toBe(1)
  const restic = await openRestic({
    binary: process.env.RESTIC_BINARY,
    toolsDir: join(import.meta.dirname, '../../.tools/bin'),
    cacheDir: join(ground.folder, 'cache'),
  })
  const access = await openAccess(guest, await prisma.repository.findFirstOrThrow())
  const snapshots = await snapshotsByTag(restic, access, `source:${source.id}`)
  expect(snapshots.map((snapshot) => snapshot.id)).toEqual([runs.at(-1)?.snapshotId])
}, 240_000)
