import type { z } from 'zod'
import type { Secret } from '#lib/secrets/secret.ts'
import type { RepositoryKindName } from './kinds.ts'

/**
 * What restic needs to reach a place, besides its address and the repository's own password. `files` lie in the folder in
 * which restic runs: everything else names them relative to it (`./ca.pem`).
 */
export interface Backend {
  env?: Record<string, Secret | string>
  /** Visible in the process list, so never a secret. */
  options?: string[]
  files?: BackendFile[]
}

export interface BackendFile {
  name: string
  content: Secret | string
  isProgram?: true
}

export interface RepositoryKind<Settings = unknown> {
  readonly kind: RepositoryKindName
  /** What people call it. */
  readonly title: string
  /** One parser for API, CLI and forms. Secret fields are `Secret` after parsing. */
  readonly settings: z.ZodType<Settings>
  /** The settings that are secret: stored sealed and never answered. */
  readonly secretFields: readonly string[]
  /** restic's address of the repository, without a secret in it. */
  location(settings: Settings): string
  backend(settings: Settings): Backend
  /**
   * The same beside another of its kind, for kinds whose address can carry the sign-in: restic takes one set of variables for
   * both.
   */
  besideOwnKind?(settings: Settings): { location: Secret; backend: Backend }
  /**
   * A look of our own, since restic goes on trying for 15 minutes whatever the reason: does the place answer, is it the
   * right one, does it let us in? Rejects with a CodedError; resolving proves nothing about the repository itself. Absent
   * where there is no way to look without the service's own client.
   */
  reach?(settings: Settings, signal: AbortSignal): Promise<void>
  /** Removes the file `locks/<id>` of the repository; one that is not there is removed. Absent where only restic can. */
  removeLock?(settings: Settings, id: string, signal: AbortSignal): Promise<void>
  /**
   * How much fits into the place, of what the account may use. Null, or absent, where that cannot be known. `surroundings` are
   * those of the open repository's restic: its folder has the files of the backend.
   */
  space?(settings: Settings, signal: AbortSignal, surroundings: Surroundings): Promise<Space | null>
  /**
   * Writes a small file of the repository without restic, such as `keys/<id>`, in place of one of that name. For what restic
   * cannot mend since it does not get in. Absent where only the service's own client can.
   */
  putFile?(settings: Settings, name: string, content: string, signal: AbortSignal): Promise<void>
}

export interface Surroundings {
  cwd?: string
  /** Where programs are found. */
  path: string
}

/** Bytes. */
export interface Space {
  free: number
  total: number
}
