import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  FindFileDocument,
  type FindFileQuery,
  type FindFileQueryVariables,
  SnapshotEntriesDocument,
  type SnapshotEntriesQuery,
} from '#graphql/documents/generated/graphql.ts'

type Answer = SnapshotEntriesQuery['snapshot']['entries']
export type SnapshotEntry = Extract<Answer, { __typename: 'SnapshotEntryPage' }>['entries'][number]

export type FoundVersion = Extract<FindFileQuery['findFile'], { __typename: 'FileVersions' }>['versions'][number]

/** Where a name is in all that is saved of a source: asked for by hand, since it may take a while and is noted. */
export function useFindFile() {
  return useMutation({
    mutationFn: async (asked: FindFileQueryVariables) => (await request(FindFileDocument, asked)).findFile,
  })
}

/** A folder of a run's snapshot, more of it each time that is asked for. A snapshot never changes, so nothing is asked twice. */
export function useSnapshotEntries(runId: string, path: string) {
  return useInfiniteQuery({
    queryKey: keys.snapshotEntries(runId, path),
    queryFn: async ({ pageParam, signal }) =>
      (await request(SnapshotEntriesDocument, { runId, path, after: pageParam }, signal)).snapshot.entries,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.__typename === 'SnapshotEntryPage' ? last.next : null),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Where a file, or a folder as an archive, is downloaded from. */
export function downloadAddress(runId: string, path: string): string {
  return `/api/snapshot-download?${new URLSearchParams({ run: runId, path })}`
}
