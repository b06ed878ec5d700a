import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { type LogFilter, LogLinesDocument, type LogLinesQuery } from '#graphql/documents/generated/graphql.ts'

export type FoundLine = LogLinesQuery['logLines'][number]

export function useLogSearch(filter: LogFilter) {
  return useQuery({
    queryKey: keys.logLines(filter),
    queryFn: ({ signal }) => request(LogLinesDocument, { filter }, signal),
    select: (data) => data.logLines,
    placeholderData: keepPreviousData,
  })
}
