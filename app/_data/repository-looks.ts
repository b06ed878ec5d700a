import { useQuery } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  type LockFieldsFragment,
  RepositoryDamageDocument,
  type RepositoryDamageQuery,
  RepositoryFiguresDocument,
  type RepositoryFiguresQuery,
  RepositoryLocksDocument,
} from '#graphql/documents/generated/graphql.ts'

export type FiguresOfDay = NonNullable<RepositoryFiguresQuery['repository']>['figures'][number]
export type Damage = NonNullable<NonNullable<RepositoryDamageQuery['repository']>['damage']>
export type RepairStep = Damage['steps'][number]
export type LockItem = LockFieldsFragment

export const FIGURES_DAYS = 90
const DAMAGE_POLL_MS = 4_000

/** How big it was on each of the last days, oldest first; asked again when there are newer ones than `newest`. */
export function useRepositoryFigures(id: string, newest: string) {
  return useQuery({
    queryKey: keys.repositoryFigures(id, newest),
    queryFn: ({ signal }) => request(RepositoryFiguresDocument, { id, days: FIGURES_DAYS }, signal),
    select: (data) => data.repository?.figures ?? [],
  })
}

/** Its locks as they are now. The server looks into the repository for them, so only when the page is opened or asked. */
export function useRepositoryLocks(id: string) {
  return useQuery({
    queryKey: keys.repositoryLocks(id),
    queryFn: ({ signal }) => request(RepositoryLocksDocument, { id }, signal),
    select: (data) => data.repository?.locks ?? null,
    refetchOnWindowFocus: false,
  })
}

/** What is known to be damaged and the way out of it; null when nothing is. Asked again, since a check or a repair may end. */
export function useRepositoryDamage(id: string) {
  return useQuery({
    queryKey: keys.repositoryDamage(id),
    queryFn: ({ signal }) => request(RepositoryDamageDocument, { id }, signal),
    select: (data) => data.repository?.damage ?? null,
    refetchInterval: DAMAGE_POLL_MS,
  })
}
