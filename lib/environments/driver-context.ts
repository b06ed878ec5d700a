import { join } from 'node:path'
import type { Config } from '#lib/config/config.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import type { DriverContext } from '#lib/sources/driver.ts'

export type DriverConfig = Pick<Config, 'COMMANDS_FILE' | 'STORAGE_ROOTS' | 'projectRoot'> & { ownDatabase: Secret }

/** What a driver gets from this machine's configuration, with what is its caller's to give. */
export function driverContext(
  config: DriverConfig,
  own: Pick<DriverContext, 'signal' | 'scratch'> & Partial<DriverContext>,
): DriverContext {
  return {
    log: () => {},
    progress: () => {},
    part: '',
    kept: join(own.scratch, 'kept'),
    storageRoots: config.STORAGE_ROOTS,
    toolPath: [join(config.projectRoot, '.tools/bin')],
    installation: config.ownDatabase,
    scratchPostgres: null,
    withoutOwners: false,
    commandsFile: config.COMMANDS_FILE ?? null,
    ...own,
  }
}
