import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { accessFolder } from '#lib/repositories/access.ts'
import { letIn } from '#lib/repositories/let-in.ts'
import { secureKeys } from '#lib/repositories/secure-keys.ts'
import { damagedKeys, removeKey } from '#lib/restic/keys.ts'
import { repairIndex, repairPacks } from '#lib/restic/repair.ts'
import type { MaintenanceDeps, Performer } from './performer.ts'

/** Where copies of files that a repair removed are kept, by repository. */
export const removedFilesFolder = ({ DATA_DIR }: MaintenanceDeps['config'], repositoryId: string): string =>
  join(DATA_DIR, 'damaged-files', repositoryId)

const nothing = z.strictObject({})

/** Makes the index anew of what is there. */
export const indexRepair: Performer<z.infer<typeof nothing>> = {
  options: nothing,
  attempts: 2,
  async perform(_deps, { restic, access, ...call }) {
    await repairIndex(restic, access, call)
    return {}
  },
}

const packs = z.strictObject({
  packs: z
    .array(z.string().regex(/^[0-9a-f]{64}$/, 'must be the whole id of a pack'))
    .min(1, 'must name a pack')
    .max(1000),
})

export type PacksRepaired = z.infer<typeof packs>

/** Saves what is still whole in damaged packs and removes them, keeping a copy of each in DATA_DIR. */
export const packsRepair: Performer<PacksRepaired> = {
  options: packs,
  attempts: 2,
  async perform(deps, { repository, options, restic, access, ...call }): Promise<PacksRepaired> {
    const parent = accessFolder(deps.config)
    await mkdir(parent, { recursive: true, mode: 0o700 })
    const own = access.cwd === undefined ? await mkdtemp(join(parent, 'packs-')) : null
    const cwd = access.cwd ?? (own as string)
    try {
      await repairPacks(restic, { ...access, cwd }, options.packs, call)
      await keepCopies(deps, repository.id, cwd)
    } finally {
      if (own !== null) await rm(own, { recursive: true, force: true })
    }
    return { packs: options.packs }
  },
}

async function keepCopies({ config }: MaintenanceDeps, repositoryId: string, folder: string): Promise<void> {
  const target = removedFilesFolder(config, repositoryId)
  await mkdir(target, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder))
    if (name.startsWith('pack-')) await rename(join(folder, name), join(target, name))
}

/** Removes keys that cannot be read and sees to it that there are two sound ones with the stored password. */
export const keysRepair: Performer<z.infer<typeof nothing>> = {
  options: nothing,
  attempts: 2,
  async perform(deps, { repository, restic, access, ...call }) {
    await letIn(deps, { repository, restic, access, signal: call.signal, onLog: call.onLog })
    const damaged = await damagedKeys(restic, access, call)
    for (const id of damaged) await removeKey(restic, access, id, call)
    const now = await deps.prisma.repository.findUniqueOrThrow({ where: { id: repository.id } })
    await secureKeys(deps, restic, access, now, call)
    return { removed: damaged }
  },
}
