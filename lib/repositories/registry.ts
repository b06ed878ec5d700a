import { CodedError } from '#lib/errors/coded-error.ts'
import type { RepositoryKind } from './kind.ts'
import { azure } from './kinds/azure.ts'
import { b2 } from './kinds/b2.ts'
import { gs } from './kinds/gs.ts'
import { local } from './kinds/local.ts'
import { rclone } from './kinds/rclone.ts'
import { rest } from './kinds/rest.ts'
import { s3 } from './kinds/s3.ts'
import { sftp } from './kinds/sftp.ts'
import type { RepositoryKindName } from './kinds.ts'

/** Every kind there is. The compiler refuses a name without one. */
const kinds: Readonly<Record<RepositoryKindName, RepositoryKind>> = {
  local: local as RepositoryKind,
  sftp: sftp as RepositoryKind,
  s3: s3 as RepositoryKind,
  rest: rest as RepositoryKind,
  azure: azure as RepositoryKind,
  gs: gs as RepositoryKind,
  b2: b2 as RepositoryKind,
  rclone: rclone as RepositoryKind,
}

export const allRepositoryKinds = (): readonly RepositoryKind[] => Object.values(kinds)

/** Throws REPOSITORY_KIND_UNKNOWN. */
export function repositoryKind(kind: string): RepositoryKind {
  if (Object.hasOwn(kinds, kind)) return kinds[kind as RepositoryKindName]
  throw new CodedError('REPOSITORY_KIND_UNKNOWN', { kind, known: Object.keys(kinds) })
}

/** What people call a kind; the kind itself where this version does not know it any more. */
export const titleOfKind = (kind: string): string =>
  Object.hasOwn(kinds, kind) ? kinds[kind as RepositoryKindName].title : kind
