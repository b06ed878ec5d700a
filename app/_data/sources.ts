import { useQuery } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { EnvironmentsDocument, SourcesDocument, type SourcesQuery } from '#graphql/documents/generated/graphql.ts'

export type SourceItem = SourcesQuery['sources'][number]

const ACTIVE_POLL_MS = 2_000
const IDLE_POLL_MS = 20_000

/** All sources with their last good, active and last run; asked again often while one of them runs. */
export function useSources() {
  return useQuery({
    queryKey: keys.sources,
    queryFn: ({ signal }) => request(SourcesDocument, {}, signal),
    select: (data) => data.sources,
    refetchInterval: (query) =>
      query.state.data?.sources.some((source) => source.activeRun) ? ACTIVE_POLL_MS : IDLE_POLL_MS,
  })
}

export function useEnvironments() {
  return useQuery({
    queryKey: keys.environments,
    queryFn: ({ signal }) => request(EnvironmentsDocument, {}, signal),
    select: (data) => data.environments,
    staleTime: 60_000,
  })
}
