import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { type LogFilter, LogLinesDocument, type LogLinesQuery } from '#graphql/documents/generated/graphql.ts'

export type FoundLine = LogLinesQuery['logLines'][number]

const FOLLOW_MS = 2_000

/** Lines of logs; with `follow` asked for again and again, so that new ones appear. */
export function useLogSearch(filter: LogFilter, follow: boolean) {
  return useQuery({
    queryKey: keys.logLines(filter),
    queryFn: ({ signal }) => request(LogLinesDocument, { filter }, signal),
    select: (data) => data.logLines,
    placeholderData: keepPreviousData,
    refetchInterval: follow ? FOLLOW_MS : false,
  })
}
