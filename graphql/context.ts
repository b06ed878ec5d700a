import type { Actor } from '#lib/auth/actor.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import type { BackupOrigin } from '#prisma/client/enums.ts'

/** Made anew for each operation: the complexity plugin keeps its count on it. */
export interface Context {
  runtime: Runtime
  actor: Actor | null
  origin: BackupOrigin
  /** Aborted when whoever asked is gone. */
  signal: AbortSignal
}

/** Which door a request came through: the command line says so, a token is a program, a session is the console. */
export function originOf(actor: Actor | null, clientName: string | null): BackupOrigin {
  if (clientName === 'backup-trigger-cli') return 'CLI'
  return actor?.tokenId ? 'API' : 'CONSOLE'
}
