import { driverContext } from '#lib/environments/driver-context.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Restore } from '#prisma/client/client.ts'
import { type Brought, bringSnapshot, type Watching } from './bring-back.ts'
import type { RestoreDeps } from './deps.ts'
import { loginOf, openSettings } from './place-login.ts'
import { placeText } from './place-text.ts'
import { requireSpace, withScratch } from './scratch.ts'

/**
 * Restores the run's snapshot into a scratch folder, and its rows, or those of one person, from there into the tables of the source, in one
 * transaction. What cannot be told apart by person is left out by name. Rejects like the driver; then nothing was changed.
 */
export async function bringIntoTables(deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Brought> {
  return withScratch(deps, restore, watching, async (scratch) => {
    const { signal, onLog } = watching
    const run = await deps.prisma.backupRun.findUniqueOrThrow({ where: { id: restore.runId } })
    const source = await deps.prisma.source.findUniqueOrThrow({ where: { id: restore.placeSourceId as string } })
    const driver = driverOf(source.kind)
    if (driver.loadRows === undefined) throw new Error(`${source.kind} has no rows`)
    const ctx = driverContext(deps.config, {
      signal,
      scratch: scratch.work,
      part: run.part,
      log: onLog,
      progress: (amount) => watching.onLoaded(amount),
    })
    const settings = parseInput(driver.settings, openSettings(source, deps.secretKey, loginOf(restore, deps.secretKey)))
    const counted = await bringSnapshot(deps, restore, scratch.snapshot, watching, {
      onListed: ({ bytes }) => requireSpace(scratch.snapshot, bytes),
    })
    const { conflict, person } = restore
    const wish = { conflict: conflict ?? ('REFUSE' as const), person }
    const { inserted, replaced, skipped, leftOut } = await driver.loadRows(settings, scratch.snapshot, ctx, wish)
    onLog('info', `${inserted} rows inserted, ${replaced} replaced, ${skipped} left as they are`)
    const names = leftOut.map((name) => `nothing says which rows of “${name}” are whose`)
    for (const name of names) onLog('warning', name)
    return {
      counted,
      changes: { restored: inserted, updated: replaced, unchanged: skipped, bytes: 0, names: [] },
      problem:
        names.length === 0
          ? null
          : new CodedError('RESTORE_INCOMPLETE', { folder: placeText(restore), count: names.length, names }),
    }
  })
}
