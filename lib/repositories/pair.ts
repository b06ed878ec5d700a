import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { PairAccess } from '#lib/restic/copy.ts'
import type { RepositoryAccess } from '#lib/restic/repository.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Repository } from '#prisma/client/client.ts'
import { type AccessDeps, limitsOf, openBackend, type Place, passwordOf, placeOf } from './access.ts'
import type { Backend } from './kind.ts'
import { noteProcesses } from './restic-processes.ts'

/*
 * Two repositories for one restic. It has an address and a password for each, but takes one set of variables, options and
 * files for both: they can be opened together only where these do not contradict each other.
 */

export type OpenPair = PairAccess & AsyncDisposable

/** One of the two. */
export interface Side extends Pick<RepositoryAccess, 'password' | 'keyHint' | 'limits' | 'noteProcess'> {
  name: string
  place: Place
}

interface Sides {
  from: Side
  to: Side
}

export const sideOf = (deps: AccessDeps & { prisma: Database }, repository: Repository): Side => ({
  name: repository.name,
  place: placeOf(deps.secretKey, repository),
  password: passwordOf(deps.secretKey, repository),
  keyHint: repository.keyId ?? undefined,
  limits: limitsOf(repository),
  noteProcess: noteProcesses(deps.prisma, repository.id),
})

/** What restic needs to copy from one to the other. Throws REPOSITORIES_NOT_JOINABLE. */
export async function openPair(deps: AccessDeps, { from, to }: Sides): Promise<OpenPair> {
  const { source, target, backend } = join({ from, to })
  return openBackend(deps, backend, {
    location: target,
    password: to.password,
    keyHint: to.keyHint,
    from: { location: source, password: from.password, keyHint: from.keyHint },
    // Nearly all that is read comes from the one, and all that is written goes to the other.
    limits: { ...to.limits, downloadKibPerSecond: from.limits?.downloadKibPerSecond },
    noteProcess: inBoth(from.noteProcess, to.noteProcess),
  })
}

/** A copy locks both repositories. */
function inBoth(...notes: Side['noteProcess'][]): Side['noteProcess'] {
  return async (process) => {
    const over = await Promise.all(notes.map((note) => note?.(process)))
    return async (mayLeaveLock) => {
      await Promise.all(over.map((end) => end?.(mayLeaveLock)))
    }
  }
}

/** Throws REPOSITORIES_NOT_JOINABLE. */
export function requireJoinable(sides: Sides): void {
  join(sides)
}

function join({ from, to }: Sides): { source: string; target: string; backend: Backend } {
  const isOneKind = from.place.kind === to.place.kind
  const [a, b] = [openedAs(from.place, isOneKind), openedAs(to.place, isOneKind)]
  const names = contradictions(a, b, isOneKind)
  if (names.length > 0) throw new CodedError('REPOSITORIES_NOT_JOINABLE', { from: from.name, to: to.name, names })
  const unite = <T>(left: T[] = [], right: T[] = [], key: (one: T) => string) => [
    ...new Map([...left, ...right].map((one) => [key(one), one])).values(),
  ]
  const backend = {
    env: { ...a.backend.env, ...b.backend.env },
    options: unite(a.backend.options, b.backend.options, (option) => option),
    files: unite(a.backend.files, b.backend.files, (file) => file.name),
  }
  return { source: a.location, target: b.location, backend }
}

interface Opened {
  location: string
  backend: Backend
  isOverTls: boolean
}

function openedAs({ kind, settings }: Place, isBesideOwnKind: boolean): Opened {
  const beside = isBesideOwnKind ? kind.besideOwnKind?.(settings) : undefined
  const location = beside?.location.reveal() ?? kind.location(settings)
  const isOverTls = !['local', 'sftp', 'rclone'].includes(kind.kind) && !/^[a-z0-9]+:http:/.test(location)
  return { location, backend: beside?.backend ?? kind.backend(settings), isOverTls }
}

/**
 * What restic would take for both although it is meant for one. Places of one kind read the same names, also those that only
 * one of them sets; of two kinds only the authorities that encrypted connections trust are read by both.
 */
function contradictions(a: Opened, b: Opened, isOneKind: boolean): string[] {
  const [left, right] = [namesOf(a.backend), namesOf(b.backend)]
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => {
    if (left.get(name) === right.get(name)) return false
    if (left.has(name) && right.has(name)) return true
    return name === 'RESTIC_CACERT' ? a.isOverTls && b.isOverTls : isOneKind
  })
}

/** Everything that a backend sets, by its name. */
function namesOf({ env = {}, options = [], files = [] }: Backend): Map<string, string> {
  const plain = (value: Secret | string) => (value instanceof Secret ? value.reveal() : value)
  return new Map([
    ...Object.entries(env).map(([name, value]) => [name, plain(value)] as const),
    ...options.map((option) => [option.slice(0, option.indexOf('=')), option] as const),
    ...files.map(({ name, content }) => [name, plain(content)] as const),
  ])
}
