import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { isActive } from '#app/_data/backup.ts'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  RepositoriesDocument,
  type RepositoriesQuery,
  RepositoryDocument,
  RepositoryKindsDocument,
  type RepositoryKindsQuery,
  type RepositoryQuery,
  RepositorySettingsDocument,
  type RepositorySettingsQuery,
  RepositorySnapshotsDocument,
  type RepositorySnapshotsQueryVariables,
} from '#graphql/documents/generated/graphql.ts'

export type RepositoryItem = RepositoriesQuery['repositories'][number]
export type RepositoryDetail = NonNullable<RepositoryQuery['repository']>
export type RepositoryTaskItem = RepositoryDetail['tasks'][number]
export type RepositorySettings = RepositorySettingsQuery
export type RepositoryKindItem = RepositoryKindsQuery['repositoryKinds'][number]

const ACTIVE_POLL_MS = 2_000
const IDLE_POLL_MS = 20_000

export function useRepositories() {
  return useQuery({
    queryKey: keys.repositories,
    queryFn: ({ signal }) => request(RepositoriesDocument, {}, signal),
    select: (data) => data.repositories,
    refetchInterval: IDLE_POLL_MS,
  })
}

/** One repository with its newest tasks, asked again often while one of them waits or runs; null when there is none. */
export function useRepository(id: string) {
  return useQuery({
    queryKey: keys.repository(id),
    queryFn: ({ signal }) => request(RepositoryDocument, { id }, signal),
    select: (data) => data.repository,
    refetchInterval: (query) =>
      query.state.data?.repository?.tasks.some((task) => isActive(task.state)) ? ACTIVE_POLL_MS : IDLE_POLL_MS,
  })
}

/** What can be changed of it, for those who may. Read afresh whenever it is opened, and then left alone: a form that somebody fills in must not change. */
export function useRepositorySettings(id: string) {
  return useQuery({
    queryKey: keys.repositorySettings(id),
    queryFn: ({ signal }) => request(RepositorySettingsDocument, { id }, signal),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
}

/** One page of what was saved there. The page before stays visible until the next one has come. */
export function useRepositorySnapshots(variables: RepositorySnapshotsQueryVariables) {
  return useQuery({
    queryKey: keys.repositorySnapshots(variables),
    queryFn: ({ signal }) => request(RepositorySnapshotsDocument, variables, signal),
    select: (data) => data.repository?.snapshots ?? null,
    placeholderData: keepPreviousData,
    refetchInterval: IDLE_POLL_MS,
  })
}

/** The kinds that can be added, with their forms. They change with the program only. */
export function useRepositoryKinds() {
  return useQuery({
    queryKey: keys.repositoryKinds,
    queryFn: ({ signal }) => request(RepositoryKindsDocument, {}, signal),
    select: (data) => data.repositoryKinds,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
