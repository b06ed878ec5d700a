import type { TaskKind } from '#prisma/client/enums.ts'
import { check } from './check.ts'
import { copy } from './copy.ts'
import { password } from './password.ts'
import type { Performer } from './performer.ts'
import { prune } from './prune.ts'
import { indexRepair, keysRepair, packsRepair } from './repair.ts'
import { snapshotsRepair } from './repair-snapshots.ts'
import { statistics } from './statistics.ts'

/** How each kind of task is done. The compiler refuses a kind without one. */
export const performers: Readonly<Record<TaskKind, Performer>> = {
  COPY: copy as Performer,
  PRUNE: prune as Performer,
  CHECK: check as Performer,
  PASSWORD: password as Performer,
  STATISTICS: statistics as Performer,
  REPAIR_KEYS: keysRepair as Performer,
  REPAIR_INDEX: indexRepair as Performer,
  REPAIR_PACKS: packsRepair as Performer,
  REPAIR_SNAPSHOTS: snapshotsRepair as Performer,
}
